import { createTaskManager } from "@atlas/tasks";
import type { Scope } from "../container/scope.ts";
import { EngineToken, TasksToken } from "../container/tokens.ts";

/** Provides the task manager over the open collections. */
export function provideTasks(scope: Scope): void {
  scope.provide(TasksToken, (root) => createTaskManager(root.use(EngineToken)));
}
