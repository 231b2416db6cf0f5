import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** Every code this package throws, with what is always true of it. */
export const taskErrorCodes = {
  /** No task has this id or path. */
  "task.not_found": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "List the tasks to find the right id or path.",
  },
  /** The task that should be above does not exist. */
  "task.parent_not_found": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Create the parent first, or put it into the same call.",
  },
  /** A dependency does not exist. */
  "task.dependency_not_found": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Create the dependency first, or put it into the same call.",
  },
  /** Another task has this path. */
  "task.path_taken": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Choose another path, or update the task that has it.",
  },
  /** The path has a form that paths cannot have. */
  "task.path_invalid": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Use segments of lower-case letters, digits, - _ and . with / between them.",
  },
  /** The path has too many segments. */
  "task.too_deep": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Put the task higher up in the tree.",
  },
  /** Two tasks would wait for each other, directly or through others. */
  "task.cycle": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Leave out one of the dependencies between the tasks that the message names.",
  },
  /** A task would depend on itself. */
  "task.self_dependency": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Leave the task out of its own dependencies.",
  },
  /** The task above is finished and takes no unfinished tasks below. */
  "task.parent_finished": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Reopen the parent first by setting its status to pending.",
  },
  /** The task was changed since the caller read it. */
  "task.version_conflict": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Read the task again and decide anew.",
  },
  /** Somebody else holds the task. */
  "task.leased": {
    severity: "low",
    recoverable: true,
    retryable: true,
    hint: "Take other work with task_next, or wait until the lease ends.",
  },
  /** The lease is no longer held: it expired, was released, or somebody else has the task. */
  "task.lease_expired": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Stop working on the task and claim it again if it is still free.",
  },
  /** The task is finished, or a group, or waits for tasks below it. */
  "task.not_claimable": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Take work that is ready with task_next.",
  },
  /** The status cannot follow the present one. */
  "task.transition_refused": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "The message names the statuses that can follow.",
  },
  /** The task waits for unfinished dependencies, its own or those of a task above. */
  "task.blocked": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Finish the dependencies first, or remove them.",
  },
  /** A task cannot be completed before the tasks below it. */
  "task.children_unfinished": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Complete or cancel the tasks below it first.",
  },
  /** A task with tasks below it is not deleted by itself. */
  "task.has_children": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Say what becomes of the tasks below: cascade deletes them, orphan moves them up.",
  },
  /** The cursor is not one of this list. */
  "task.cursor_invalid": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Start again without a cursor and keep filter and order from page to page.",
  },
  /** A record cannot be taken in, and the import was to take all or none. */
  "task.import_rejected": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Correct the records in the source, or import without refusing everything.",
  },
  /** A bound of the task manager would be passed. */
  "task.limit_exceeded": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "The message names the bound.",
  },
} as const;

/** The codes of `taskErrorCodes`. */
export type TaskErrorCode = keyof typeof taskErrorCodes;

/** Makes an error of this package. */
export const taskError: ErrorFactory<TaskErrorCode> = createErrorFactory(taskErrorCodes);
