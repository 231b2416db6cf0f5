import type { TaskReference } from "./task-input.ts";
import type { Task, TaskPriority, TaskStatus, TaskType } from "./task.ts";

/** Which tasks a list is about; conditions add up. */
export interface TaskFilter {
  readonly status?: readonly TaskStatus[];
  readonly type?: readonly TaskType[];
  readonly priority?: readonly TaskPriority[];
  /** Tasks that have all of these. */
  readonly tags?: readonly string[];
  readonly assignee?: string;
  /** Direct children of this task; null: the top. */
  readonly parent?: TaskReference | null;
  /** Everything below this task. */
  readonly under?: TaskReference;
  /**
   * Words that all occur in name, description or reasoning, in any order and
   * case; one that ends with `*` is the beginning of a word. At most 1,000
   * characters.
   */
  readonly query?: string;
}

/** How a list is cut into pages. */
export interface TaskPageOptions {
  /** 1 to 500. Default: 20. */
  readonly limit?: number;
  /** What the page before returned as `nextCursor`. */
  readonly cursor?: string;
  /** Default: "path". */
  readonly order?: TaskOrder;
  /**
   * Ends the page before the first task it refuses, though never before the
   * first of the page: for answers that must not grow beyond a size. Asked once
   * for each task, in order, up to the first that it refuses.
   */
  readonly fits?: (task: Task) => boolean;
}

/** `path`: as the tree reads. `priority`: most urgent first. `updated`: latest change first. */
export type TaskOrder = "path" | "priority" | "updated";

/** One page of a list. */
export interface TaskPage {
  readonly tasks: readonly Task[];
  /** All tasks that match the filter. */
  readonly total: number;
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** Which work is wanted. */
export interface NextOptions {
  /** 1 to 50. Default: 1. */
  readonly count?: number;
  /** Only work below this task. */
  readonly under?: TaskReference;
  /** Only work with all of these tags. */
  readonly tags?: readonly string[];
}
