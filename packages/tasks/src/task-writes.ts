import { type Query, sqlQuery } from "@atlas/storage";
import type { TaskRow } from "./task-tables.ts";

/** What somebody says about a task, apart from its state and place. @internal */
export type TaskContent = Pick<
  TaskRow,
  "name" | "description" | "type" | "priority" | "tags" | "assignee" | "reasoning" | "metadata"
>;

/** What a change of state writes. @internal */
export type TaskState = Pick<
  TaskRow,
  | "status"
  | "completed_at"
  | "lease_token"
  | "lease_holder"
  | "lease_expires_at"
  | "updated_at"
  | "version"
>;

/** @internal */
export const updateContent: Query<never, TaskContent & { readonly id: string }> = sqlQuery<
  never,
  TaskContent & { readonly id: string }
>(
  `UPDATE tasks SET name = :name, description = :description, type = :type, priority = :priority,
     tags = :tags, assignee = :assignee, reasoning = :reasoning, metadata = :metadata WHERE id = :id`,
  { encode: { tags: JSON.stringify, metadata: JSON.stringify } },
);

/** @internal */
export const updateState: Query<never, TaskState & { readonly id: string }> = sqlQuery<
  never,
  TaskState & { readonly id: string }
>(
  `UPDATE tasks SET status = :status, completed_at = :completed_at, lease_token = :lease_token,
     lease_holder = :lease_holder, lease_expires_at = :lease_expires_at, updated_at = :updated_at,
     version = :version WHERE id = :id`,
);

/** For a task that another one's change has changed. @internal */
export const countVersion: Query<never, { readonly id: string; readonly now: number }> = sqlQuery<
  never,
  { readonly id: string; readonly now: number }
>("UPDATE tasks SET version = version + 1, updated_at = :now WHERE id = :id");
