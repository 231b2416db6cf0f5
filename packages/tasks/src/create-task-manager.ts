import {
  type BatchCoordinator,
  type BatchInput,
  type BatchResult,
  createBatchCoordinator,
} from "@atlas/batch";
import type { UnifiedStorageEngine } from "@atlas/engine";
import { checkOptions } from "@atlas/errors";
import { requireAllValid } from "@atlas/validation";
import {
  checkChildren,
  checkClaim,
  checkClaimNext,
  checkCount,
  checkHistoryPage,
  checkImport,
  checkMode,
  checkNext,
  checkPage,
} from "./call-options.ts";
import { checkContext, checkFilter, newTasks, taskUpdates } from "./checked-input.ts";
import { claimNamed, claimRow, releaseClaim, renewClaim, returnExpired } from "./claim-tasks.ts";
import { createAllTasks } from "./create-all.ts";
import type { CreateAllOptions } from "./create-all-options.ts";
import { createTasks } from "./create-tasks.ts";
import { deleteTasks } from "./delete-tasks.ts";
import { importRecords } from "./import-records.ts";
import { callHoldMs, taskLimits } from "./limits.ts";
import { listTasks } from "./list-tasks.ts";
import { claimableRows, readyRows, type WantedWork } from "./ready-tasks.ts";
import { type BulkOutcome, inOrder, itemByItem } from "./run-bulk.ts";
import { taskHistory } from "./task-history.ts";
import { randomTaskId } from "./task-id.ts";
import type { ImportedTask, ImportOptions, ImportResult } from "./task-import.ts";
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
import type { TaskManager } from "./task-manager.ts";
import type { NextOptions, TaskFilter, TaskPage, TaskPageOptions } from "./task-query.ts";
import type { HistoryPage, TaskFinding, TaskStatistics } from "./task-report.ts";
import { taskStatistics } from "./task-statistics.ts";
import { requireRow, type TaskStore } from "./task-store.ts";
import { viewIds, viewTasks } from "./task-view.ts";
import type { Task } from "./task.ts";
import { updateTask } from "./update-tasks.ts";
import { verifyTasks } from "./verify-tasks.ts";

/** Seams of a task manager. */
export interface TaskManagerOptions {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** Makes ids: `t-` and ten lower-case letters or digits, never the same twice. Default: random. */
  readonly createId?: () => string;
}

/** Nobody acts where only reading is done. */
const nobody = "reader";

/**
 * Creates the task manager over an engine that was opened with
 * `taskCollections`.
 */
export function createTaskManager(
  engine: UnifiedStorageEngine,
  options: TaskManagerOptions = {},
): TaskManager {
  checkOptions("createTaskManager", options, { clock: "any", createId: "any" });
  return new Manager(engine, options);
}

class Manager implements TaskManager {
  readonly #engine: UnifiedStorageEngine;
  readonly #reading: TaskStore;
  readonly #batches: BatchCoordinator;

  constructor(engine: UnifiedStorageEngine, options: TaskManagerOptions) {
    this.#engine = engine;
    this.#batches = createBatchCoordinator();
    this.#reading = {
      connection: engine.connection,
      clock: options.clock ?? Date.now,
      createId: options.createId ?? randomTaskId,
      actor: nobody,
      changes: engine.changes,
      search: (text) => engine.indexes.search("tasks_search", text),
    };
  }

  async create(
    tasks: readonly NewTask[],
    context: ActionContext,
    mode: BulkMode = "all-or-nothing",
  ): Promise<BulkResult> {
    checkCount(tasks);
    checkMode("create", mode);
    const checked = await newTasks.validateMany(tasks);
    if (mode === "all-or-nothing") {
      const inputs = requireAllValid(checked);
      return this.#bulk(context, async (store) => complete(await createTasks(store, inputs)));
    }
    return this.#bulk(context, (store) =>
      itemByItem(checked, (input) =>
        this.#engine.atomic(async () => (await createTasks(store, [input]))[0]!),
      ),
    );
  }

  async createAll(
    tasks: BatchInput<NewTask>,
    context: ActionContext,
    options: CreateAllOptions = {},
  ): Promise<BatchResult<string, NewTask>> {
    const store = await this.#storeOf(context);
    return createAllTasks({ engine: this.#engine, batches: this.#batches, store }, tasks, options);
  }

  async update(
    updates: readonly TaskUpdate[],
    context: ActionContext,
    mode: BulkMode = "all-or-nothing",
  ): Promise<BulkResult> {
    checkCount(updates);
    checkMode("update", mode);
    const checked = await taskUpdates.validateMany(updates);
    if (mode === "all-or-nothing") {
      const inputs = requireAllValid(checked);
      return this.#bulk(context, async (store) =>
        complete(await inOrder(inputs, (input) => updateTask(store, input))),
      );
    }
    return this.#bulk(context, (store) =>
      itemByItem(checked, (input) => this.#engine.atomic(() => updateTask(store, input))),
    );
  }

  async get(references: readonly TaskReference[]): Promise<readonly Task[]> {
    checkCount(references);
    return this.#snapshot(async (store) =>
      viewTasks(store, await inOrder(references, (reference) => requireRow(store, reference))),
    );
  }

  async list(filter: TaskFilter, page: TaskPageOptions = {}): Promise<TaskPage> {
    const cut = checkPage(page);
    const checked = await checkFilter(filter);
    return this.#snapshot((store) => listTasks(store, checked, cut));
  }

  async next(options: NextOptions = {}): Promise<readonly Task[]> {
    checkNext(options);
    return this.#snapshot(async (store) =>
      viewTasks(store, await readyRows(store, await wantedWork(store, options))),
    );
  }

  async claimNext(
    options: NextOptions & ClaimOptions,
    context: ActionContext,
  ): Promise<readonly Task[]> {
    const leaseMs = checkClaimNext(options);
    return this.#act(context, async (store) => {
      await returnExpired(store);
      const rows = await claimableRows(store, await wantedWork(store, options));
      for (const row of rows) await claimRow(store, row, leaseMs);
      return viewIds(
        store,
        rows.map(({ id }) => id),
      );
    });
  }

  async claim(
    references: readonly TaskReference[],
    context: ActionContext,
    options: ClaimOptions = {},
  ): Promise<readonly Task[]> {
    checkCount(references);
    const leaseMs = checkClaim("claim", options);
    return this.#act(context, async (store) =>
      viewIds(store, await inOrder(references, (each) => claimNamed(store, each, leaseMs))),
    );
  }

  async renew(claims: readonly HeldClaim[], options: ClaimOptions = {}): Promise<readonly Task[]> {
    checkCount(claims);
    const leaseMs = checkClaim("renew", options);
    return this.#write(async () => {
      const store = this.#reading;
      return viewIds(store, await inOrder(claims, (claim) => renewClaim(store, claim, leaseMs)));
    });
  }

  async release(claims: readonly HeldClaim[], context: ActionContext): Promise<readonly Task[]> {
    checkCount(claims);
    return this.#act(context, async (store) =>
      viewIds(store, await inOrder(claims, (claim) => releaseClaim(store, claim))),
    );
  }

  async delete(
    references: readonly TaskReference[],
    context: ActionContext,
    children: DeleteChildren = "block",
  ): Promise<DeleteResult> {
    checkCount(references);
    checkChildren(children);
    return this.#act(context, async (store) => ({
      deleted: await deleteTasks(store, references, children),
    }));
  }

  async history(
    reference: TaskReference,
    page: { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<HistoryPage> {
    return taskHistory(this.#reading, reference, checkHistoryPage(page));
  }

  async import(
    records: readonly ImportedTask[],
    context: ActionContext,
    options: ImportOptions,
  ): Promise<ImportResult> {
    checkImport(records, options);
    const store = await this.#storeOf(context);
    return importRecords({ engine: this.#engine, store, records, options });
  }

  async *export(): AsyncIterable<Task> {
    let cursor: string | undefined;
    do {
      const rest = cursor === undefined ? {} : { cursor };
      const page: TaskPage = await this.list({}, { limit: taskLimits.pageMax, ...rest });
      yield* page.tasks;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  statistics(): Promise<TaskStatistics> {
    return this.#snapshot(taskStatistics);
  }

  verify(): Promise<readonly TaskFinding[]> {
    return verifyTasks(this.#reading, this.#engine);
  }

  #bulk(
    context: ActionContext,
    work: (store: TaskStore) => Promise<BulkOutcome>,
  ): Promise<BulkResult> {
    return this.#act(context, async (store) => {
      const { ids, failures } = await work(store);
      return { tasks: await viewIds(store, ids), failures };
    });
  }

  /** Runs a change in one transaction, in the name of its actor. */
  async #act<T>(context: ActionContext, work: (store: TaskStore) => Promise<T>): Promise<T> {
    const store = await this.#storeOf(context);
    return this.#engine.changeSet({ actor: store.actor }, () => this.#write(() => work(store)));
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    return this.#engine.atomic(work, { holdTimeoutMs: callHoldMs });
  }

  /** Reads that belong together see one state. */
  #snapshot<T>(work: (store: TaskStore) => Promise<T>): Promise<T> {
    return this.#engine.atomic(() => work(this.#reading), { readonly: true });
  }

  async #storeOf(context: ActionContext): Promise<TaskStore> {
    return { ...this.#reading, actor: await checkContext(context) };
  }
}

function complete(ids: readonly string[]): BulkOutcome {
  return { ids, failures: [] };
}

async function wantedWork(
  store: TaskStore,
  { count = 1, under, tags = [] }: NextOptions,
): Promise<WantedWork> {
  const underPath = under === undefined ? undefined : (await requireRow(store, under)).path;
  return { count, underPath, tags };
}
