import type {
  JsonObject,
  JsonValue,
  NoteKind,
  SettableStatus,
  Task,
  TaskPriority,
  TaskType,
} from "./task.ts";

/** An id or a path: either names a task. */
export type TaskReference = string;

/** Who acts, for the change log. */
export interface ActionContext {
  /** Person or agent; 1 to 100 characters. */
  readonly actor: string;
}

/** A note to add. */
export interface NewNote {
  readonly kind: NoteKind;
  readonly text: string;
}

/**
 * A task to create. References may point at tasks of the same call by their
 * path, in any order.
 */
export interface NewTask {
  readonly name: string;
  /**
   * The whole path. Its last segment is the task's own; what lies before it
   * must exist or be created in the same call. With `parent`, the last segment
   * is enough. Default: the parent's path and a segment made from the name, with
   * a number where that is taken.
   */
  readonly path?: string;
  /** Default: what `path` says, otherwise none. */
  readonly parent?: TaskReference;
  readonly dependencies?: readonly TaskReference[];
  readonly description?: string;
  /** Default: "task". */
  readonly type?: TaskType;
  /** Default: "pending". */
  readonly status?: SettableStatus;
  /** Default: "medium". */
  readonly priority?: TaskPriority;
  readonly tags?: readonly string[];
  readonly assignee?: string;
  readonly reasoning?: string;
  readonly metadata?: JsonObject;
  readonly notes?: readonly NewNote[];
}

/** What to change in one task; what is left out stays. */
export interface TaskUpdate {
  readonly task: TaskReference;
  /** Refuses the update when the task's version is another. */
  readonly ifVersion?: number;
  /**
   * The token of the caller's lease: the update is refused once that no longer
   * holds. Without it, status and type of a claimed task can be changed by its
   * holder only, told by name.
   */
  readonly lease?: number;
  readonly name?: string;
  readonly description?: string;
  readonly type?: TaskType;
  readonly status?: SettableStatus;
  readonly priority?: TaskPriority;
  readonly tags?: readonly string[];
  readonly assignee?: string | null;
  readonly reasoning?: string;
  /** Merged key by key; null removes a key. */
  readonly metadata?: Readonly<Record<string, JsonValue>>;
  readonly addNotes?: readonly NewNote[];
  readonly addDependencies?: readonly TaskReference[];
  readonly removeDependencies?: readonly TaskReference[];
  /**
   * Moves the task and everything below it; null moves it to the top. Its
   * segment gets a number where it is taken.
   */
  readonly parent?: TaskReference | null;
}

/**
 * What becomes of a call with several items. `all-or-nothing`: the first
 * failure undoes and refuses everything. `item-by-item`: each item stands or
 * falls alone.
 */
export type BulkMode = "all-or-nothing" | "item-by-item";

/** One item that failed in `item-by-item` mode. */
export interface BulkFailure {
  /** Position in the call, from 0. */
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** What a call with several items did. */
export interface BulkResult {
  /** In the order of the call, without the failed ones. */
  readonly tasks: readonly Task[];
  /** Empty in `all-or-nothing` mode, which throws instead. */
  readonly failures: readonly BulkFailure[];
}

/** What becomes of the tasks below a deleted one. */
export type DeleteChildren = "block" | "cascade" | "orphan";

/** What a deletion removed. */
export interface DeleteResult {
  /** Ids, the tasks asked for first. */
  readonly deleted: readonly string[];
}

/** How a claim is made. */
export interface ClaimOptions {
  /** 1,000 to 86,400,000 milliseconds. Default: 900,000 (15 minutes). */
  readonly leaseMs?: number;
}

/** A held lease. */
export interface HeldClaim {
  readonly task: TaskReference;
  /** Its token. */
  readonly lease: number;
}
