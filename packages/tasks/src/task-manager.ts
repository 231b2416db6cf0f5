import type { BatchInput, BatchResult } from "@atlas/batch";
import type { CreateAllOptions } from "./create-all-options.ts";
import type { ImportOptions, ImportResult, ImportedTask } from "./task-import.ts";
import type {
  ActionContext,
  BulkMode,
  BulkResult,
  ClaimOptions,
  DeleteChildren,
  DeleteResult,
  HeldClaim,
  NewTask,
  TaskReference,
  TaskUpdate,
} from "./task-input.ts";
import type { NextOptions, TaskFilter, TaskPage, TaskPageOptions } from "./task-query.ts";
import type { HistoryPage, TaskFinding, TaskStatistics } from "./task-report.ts";
import type { Task } from "./task.ts";

/**
 * Plans and works through tasks. Every call but `createAll` is one transaction:
 * it happens as a whole or not at all. Besides the codes named, calls fail with
 * `validation.failed` for input of another form, `task.limit_exceeded` for a
 * bound of `taskLimits`, `configuration.*` for options that do not exist, and
 * the codes of the store.
 */
export interface TaskManager {
  /**
   * Creates tasks, or a whole tree of them, in one call. Item by item, a task
   * may refer to those before it.
   *
   * @throws {AtlasError} task.parent_not_found, task.dependency_not_found,
   * task.path_taken, task.path_invalid, task.too_deep, task.cycle,
   * task.self_dependency, task.parent_finished, task.blocked,
   * task.children_unfinished, task.transition_refused for a group with a status
   */
  create(tasks: readonly NewTask[], context: ActionContext, mode?: BulkMode): Promise<BulkResult>;
  /**
   * Creates any number of tasks from an iterable, in transactions of one batch
   * each, and reads it no faster than it creates. A task may refer to those
   * before it. What fails is named in the result, with the codes of `create`,
   * and harms no other task but those that refer to it; `retryItems` of the
   * result may be given to another call. Results are ids.
   *
   * A `job` that was begun with other tasks ends with `batch.input_differs`.
   *
   * @throws {AtlasError} batch.job_taken while another call or process works on the `job`.
   */
  createAll(
    tasks: BatchInput<NewTask>,
    context: ActionContext,
    options?: CreateAllOptions,
  ): Promise<BatchResult<string, NewTask>>;
  /**
   * Changes tasks in one call, one after the other. An update that says what is
   * so already changes nothing, not even the version.
   *
   * @throws {AtlasError} task.not_found, task.version_conflict, task.leased,
   * task.lease_expired, task.transition_refused, task.blocked,
   * task.children_unfinished, task.parent_finished, task.parent_not_found,
   * task.dependency_not_found, task.too_deep, task.cycle, task.self_dependency
   */
  update(
    updates: readonly TaskUpdate[],
    context: ActionContext,
    mode?: BulkMode,
  ): Promise<BulkResult>;
  /**
   * Reads tasks, in the order asked for.
   *
   * @throws {AtlasError} task.not_found when one does not exist.
   */
  get(references: readonly TaskReference[]): Promise<readonly Task[]>;
  /**
   * One page of the tasks that match.
   *
   * @throws {AtlasError} task.cursor_invalid for a cursor of another list.
   * @throws {AtlasError} task.not_found when `parent` or `under` does not exist.
   */
  list(filter: TaskFilter, page?: TaskPageOptions): Promise<TaskPage>;
  /**
   * Tasks that can be worked on now, most urgent first, whoever they are
   * assigned to: those that are pending and wait for nothing, and those whose
   * lease ran out. Changes nothing.
   *
   * @throws {AtlasError} task.not_found when `under` does not exist.
   */
  next(options?: NextOptions): Promise<readonly Task[]>;
  /**
   * Takes tasks that can be worked on now and claims them in the same
   * transaction, so that no two callers get the same one. Tasks whose lease ran
   * out are among them; tasks assigned to somebody else are not. Answers an
   * empty list when there is nothing to do.
   *
   * @throws {AtlasError} task.not_found when `under` does not exist.
   */
  claimNext(options: NextOptions & ClaimOptions, context: ActionContext): Promise<readonly Task[]>;
  /**
   * Claims the tasks named, all or none, whoever they are assigned to.
   *
   * @throws {AtlasError} task.leased when somebody, the caller included, holds one.
   * @throws {AtlasError} task.not_found, task.blocked, task.not_claimable
   */
  claim(
    references: readonly TaskReference[],
    context: ActionContext,
    options?: ClaimOptions,
  ): Promise<readonly Task[]>;
  /**
   * Makes leases last from now on for `leaseMs`, all or none. The tasks keep
   * their version.
   *
   * @throws {AtlasError} task.lease_expired when one is no longer held.
   */
  renew(claims: readonly HeldClaim[], options?: ClaimOptions): Promise<readonly Task[]>;
  /**
   * Gives claimed tasks back as pending, all or none.
   *
   * @throws {AtlasError} task.lease_expired when one is no longer held.
   */
  release(claims: readonly HeldClaim[], context: ActionContext): Promise<readonly Task[]>;
  /**
   * Deletes tasks. Tasks that depended on them no longer do. With "orphan" the
   * tasks below move up; their segments get a number where they are taken.
   *
   * @throws {AtlasError} task.has_children with "block", the default.
   * @throws {AtlasError} task.not_found, task.leased when somebody else holds one.
   */
  delete(
    references: readonly TaskReference[],
    context: ActionContext,
    children?: DeleteChildren,
  ): Promise<DeleteResult>;
  /**
   * What happened to one task. Works for deleted tasks too, by id.
   *
   * @throws {AtlasError} task.not_found for one that never was, task.cursor_invalid
   */
  history(
    reference: TaskReference,
    page?: { readonly limit?: number; readonly cursor?: string },
  ): Promise<HistoryPage>;
  /**
   * Takes in records of another program; the same records again change nothing.
   * Statuses and instants are taken as facts. A record that has changed in the
   * source since the last import changes its task in everything it says.
   *
   * @throws {AtlasError} task.import_rejected with `onInvalid: "reject-all"`.
   */
  import(
    records: readonly ImportedTask[],
    context: ActionContext,
    options: ImportOptions,
  ): Promise<ImportResult>;
  /** Every task with everything, in the order of the tree, one page at a time. */
  export(): AsyncIterable<Task>;
  /** Numbers about the whole store. */
  statistics(): Promise<TaskStatistics>;
  /** Checks the whole store against its own rules; finds nothing in a sound one. */
  verify(): Promise<readonly TaskFinding[]>;
}
