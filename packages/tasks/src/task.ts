/** What a task can be. A group only holds others together; nobody works on it. */
export const taskTypes = ["task", "milestone", "group"] as const;
/** See {@link taskTypes}. */
export type TaskType = (typeof taskTypes)[number];

/**
 * Where a task stands. `blocked` is never set: a pending task shows it for as
 * long as one of its dependencies is unfinished.
 */
export const taskStatuses = [
  "pending",
  "blocked",
  "in_progress",
  "completed",
  "failed",
  "cancelled",
] as const;
/** See {@link taskStatuses}. */
export type TaskStatus = (typeof taskStatuses)[number];

/** The statuses that can be asked for. */
export type SettableStatus = Exclude<TaskStatus, "blocked">;

/** Most urgent first. */
export const taskPriorities = ["critical", "high", "medium", "low"] as const;
/** See {@link taskPriorities}. */
export type TaskPriority = (typeof taskPriorities)[number];

/** What a note is about. */
export const noteKinds = ["planning", "progress", "completion", "troubleshooting"] as const;
/** See {@link noteKinds}. */
export type NoteKind = (typeof noteKinds)[number];

/** Something written down beside a task; notes are added, never changed. */
export interface TaskNote {
  readonly kind: NoteKind;
  readonly text: string;
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The right to work on a task until it expires or is released. */
export interface TaskLease {
  readonly holder: string;
  /** Grows with every claim of the task; a write with an older one is refused. */
  readonly token: number;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** Anything JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = Readonly<Record<string, JsonValue>>;

/** A task as readers see it. */
export interface Task {
  /** Immutable, short, never used again. */
  readonly id: string;
  /** Its place in the tree, such as `project/feature/step`. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly type: TaskType;
  readonly status: TaskStatus;
  /** The id of the task above, or null at the top. */
  readonly parent: string | null;
  /** Ids of the tasks that must be finished first, in the order of their creation. */
  readonly dependencies: readonly string[];
  readonly priority: TaskPriority;
  readonly tags: readonly string[];
  readonly assignee: string | null;
  readonly reasoning: string;
  readonly metadata: JsonObject;
  /** Oldest first. */
  readonly notes: readonly TaskNote[];
  /** Percent of the tasks below that are finished; of a task without any, 0 or 100. */
  readonly progress: number;
  /** Dependencies that are not finished. */
  readonly unfinishedDependencies: number;
  /** Tasks directly below. */
  readonly children: number;
  /** Present while somebody holds the task. */
  readonly lease: TaskLease | null;
  /** 1 at creation, one more after each change. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
}
