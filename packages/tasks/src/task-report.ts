import type { JsonValue, TaskStatus } from "./task.ts";

/** One change of one task. */
export interface TaskChange {
  /** Grows in the order of the commits. */
  readonly sequence: number;
  readonly kind: "created" | "updated" | "deleted";
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The version after the change; of a deleted task, the last one. */
  readonly version: number;
  /** Field by field; `before` is absent at creation, `after` at deletion. */
  readonly fields: Readonly<Record<string, FieldChange>>;
}

/** A field before and after a change. */
export interface FieldChange {
  readonly before?: JsonValue;
  readonly after?: JsonValue;
}

/** One page of a history, newest first. */
export interface HistoryPage {
  readonly changes: readonly TaskChange[];
  readonly nextCursor?: string;
}

/** Numbers about the whole store. */
export interface TaskStatistics {
  readonly total: number;
  readonly byStatus: Readonly<Record<TaskStatus, number>>;
  /** Tasks that can be worked on now, those included whose lease ran out. */
  readonly ready: number;
  /** Tasks somebody holds. */
  readonly claimed: number;
}

/** Something in the store that is not as it must be. */
export interface TaskFinding {
  readonly kind: string;
  readonly message: string;
  readonly task?: string;
}
