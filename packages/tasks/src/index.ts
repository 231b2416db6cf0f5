// The task manager.
export { createTaskManager, type TaskManagerOptions } from "./create-task-manager.ts";
export type { CreateAllOptions } from "./create-all-options.ts";
export { taskCollections } from "./task-collections.ts";
export { leaseDefaultMs, taskLimits } from "./limits.ts";
export type { ImportedTask, ImportOptions, ImportRemark, ImportResult } from "./task-import.ts";
export type {
  ActionContext,
  BulkFailure,
  BulkMode,
  BulkResult,
  ClaimOptions,
  DeleteChildren,
  DeleteResult,
  HeldClaim,
  NewNote,
  NewTask,
  TaskReference,
  TaskUpdate,
} from "./task-input.ts";
export type { TaskManager } from "./task-manager.ts";
export type {
  NextOptions,
  TaskFilter,
  TaskOrder,
  TaskPage,
  TaskPageOptions,
} from "./task-query.ts";
export type {
  FieldChange,
  HistoryPage,
  TaskChange,
  TaskFinding,
  TaskStatistics,
} from "./task-report.ts";

// What a task is.
export {
  type JsonObject,
  type JsonValue,
  type NoteKind,
  noteKinds,
  type SettableStatus,
  type Task,
  type TaskLease,
  type TaskNote,
  type TaskPriority,
  taskPriorities,
  type TaskStatus,
  taskStatuses,
  type TaskType,
  taskTypes,
} from "./task.ts";

// What can go wrong.
export { type TaskErrorCode, taskError, taskErrorCodes } from "./errors.ts";
