import { createValidationCoordinator, requireValid } from "@atlas/validation";
import type { ValidationCoordinator } from "@atlas/validation";
import type { ActionContext } from "./task-input.ts";
import type { TaskFilter } from "./task-query.ts";
import {
  actionContextSchema,
  type CheckedFilter,
  type CheckedNewTask,
  type CheckedUpdate,
  newTaskSchema,
  taskFilterSchema,
  taskUpdateSchema,
} from "./task-schemas.ts";

/** @internal */
export const newTasks: ValidationCoordinator<CheckedNewTask> =
  createValidationCoordinator(newTaskSchema);
/** @internal */
export const taskUpdates: ValidationCoordinator<CheckedUpdate> =
  createValidationCoordinator(taskUpdateSchema);

const contexts = createValidationCoordinator(actionContextSchema);
const filters = createValidationCoordinator(taskFilterSchema);

/** The actor. @throws {AtlasError} validation.failed @internal */
export async function checkContext(context: ActionContext): Promise<string> {
  return requireValid(await contexts.validate(context)).actor;
}

/** @throws {AtlasError} validation.failed @internal */
export async function checkFilter(filter: TaskFilter): Promise<CheckedFilter> {
  return requireValid(await filters.validate(filter));
}
