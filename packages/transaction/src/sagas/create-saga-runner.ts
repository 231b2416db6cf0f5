import { type AtlasError, checkOptions } from "@atlas/errors";
import { createLeaseTable } from "../locks/create-lease-table.ts";
import { ensureTables } from "../ensure-tables.ts";
import type { Lease, LeaseTable } from "../locks/lease-table.ts";
import { transactionError } from "../errors.ts";
import { canonicalJson } from "../states/canonical-json.ts";
import type { TransactionManager } from "../transaction.ts";
import { driveSaga } from "./drive-saga.ts";
import { keepLease } from "./kept-lease.ts";
import { recoverSagas } from "./recover-sagas.ts";
import type { Saga } from "./saga.ts";
import {
  type ResolvedSagaOptions,
  resolveSagaOptions,
  type SagaRunnerOptions,
} from "./saga-options.ts";
import type { SagaHistoryEntry, SagaReport } from "./saga-report.ts";
import type {
  SagaFilter,
  SagaRecovery,
  SagaResolution,
  SagaRunner,
  SagaStart,
} from "./saga-runner.ts";
import type { SagaWork } from "./saga-round.ts";
import {
  createSaga,
  findSagas,
  pruneEnded,
  readHistory,
  readSaga,
  registerStep,
  reportOf,
  type SagaState,
  tell,
} from "./saga-store.ts";
import { applyResolution, takeUp } from "./take-up-saga.ts";
import { sagaHistoryTable, sagaIndexes, sagasTable, sagaStepsTable } from "./saga-tables.ts";

const textLengthMax = 512;

/** What a runner needs of a manager. */
export type SagaTransactions = Pick<
  TransactionManager,
  "atomic" | "connection" | "current" | "read"
>;

/** Makes a runner of sagas in the store of `transactions`. */
export function createSagaRunner(
  transactions: SagaTransactions,
  options: SagaRunnerOptions,
): SagaRunner {
  return new Runner(transactions, resolveSagaOptions(options));
}

class Runner implements SagaRunner {
  readonly name = "sagas";
  readonly #transactions: SagaTransactions;
  readonly #options: ResolvedSagaOptions;
  readonly #leases: LeaseTable;
  readonly #active: Map<string, Promise<SagaReport>> = new Map();
  /** Ids that may be seen in the store before their start is told that it has committed. */
  readonly #starting: Set<string> = new Set();
  readonly #stop: AbortController = new AbortController();

  constructor(transactions: SagaTransactions, options: ResolvedSagaOptions) {
    this.#transactions = transactions;
    this.#options = options;
    const { dialect, leaseTtlMs: ttlMs, clock } = options;
    this.#leases = createLeaseTable(transactions, { dialect, ttlMs, clock });
  }

  async prepare(): Promise<void> {
    await this.#leases.prepare();
    await ensureTables(this.#transactions, this.#options.dialect, {
      tables: [sagasTable, sagaStepsTable, sagaHistoryTable],
      indexes: sagaIndexes,
    });
  }

  async start<Input>(saga: Saga<Input>, start: SagaStart<Input>): Promise<SagaReport> {
    this.#assertUsable();
    checkText("key", start.key);
    if (this.#options.sagas.get(saga.name) !== saga)
      throw invalid(
        `The saga "${saga.name}" is not among those of this runner. Add it to \`sagas\`.`,
      );
    const input = canonicalJson(start.input);
    const created = this.#options.createId();
    this.#starting.add(created);
    try {
      const known = { key: start.key, input };
      const { id, lease } = await this.#create(created, saga, known);
      // The first attempt of a new saga is registered with it.
      if (lease !== undefined) return this.#track(id, this.#drive(id, saga, { lease }));
      const state = await this.#require(id);
      if (state.input !== input) throw keyReused(saga.name, start.key);
      return this.#resume(id);
    } finally {
      this.#starting.delete(created);
    }
  }

  recover(): Promise<SagaRecovery> {
    this.#assertUsable();
    return recoverSagas({
      reader: this.#transactions.connection,
      concurrency: this.#options.concurrency,
      isActive: (id) => this.#active.has(id) || this.#starting.has(id),
      resume: (id) => this.#resume(id),
    });
  }

  async resolve(id: string, resolution: SagaResolution): Promise<SagaReport> {
    this.#assertUsable();
    checkOptions<SagaResolution>("resolve", resolution, {
      action: ["retry", "skip"],
      by: "any",
      note: "any",
    });
    checkText("by", resolution.by);
    checkText("note", resolution.note);
    await this.#active.get(id)?.catch(() => undefined);
    await this.#require(id);
    let applied = false;
    const report = await this.#work(id, async (work) => {
      await applyResolution(work, resolution);
      applied = true;
    });
    if (!applied) throw invalid(`Somebody else works on the saga ${id}. Look at it again later.`);
    return report;
  }

  async get(id: string): Promise<SagaReport | undefined> {
    const state = await this.#transactions.read((reader) => readSaga(reader, id));
    return state && reportOf(state);
  }

  list(filter: SagaFilter = {}): Promise<readonly SagaReport[]> {
    checkOptions<SagaFilter>("list", filter, {
      status: ["running", "compensating", "needs_attention", "completed", "compensated"],
      name: "any",
      after: "any",
      limit: { min: 1, max: 10_000 },
    });
    return this.#transactions.read(async (reader) => {
      const reports: SagaReport[] = [];
      for (const id of await findSagas(reader, filter)) {
        const state = await readSaga(reader, id);
        if (state !== undefined) reports.push(reportOf(state));
      }
      return reports;
    });
  }

  history(id: string): Promise<readonly SagaHistoryEntry[]> {
    return readHistory(this.#transactions.connection, id);
  }

  prune(before: number): Promise<number> {
    return this.#transactions.atomic((transaction) => pruneEnded(transaction, before));
  }

  async close(): Promise<void> {
    if (!this.#stop.signal.aborted) this.#stop.abort(runnerClosed());
    await Promise.allSettled(this.#active.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Stores the saga with its first step and its lease, so that nobody recovers
   * what has just begun; without a lease when the key is known.
   */
  #create(
    id: string,
    saga: Saga<never>,
    { key, input }: { readonly key: string; readonly input: string },
  ): Promise<{ readonly id: string; readonly lease?: Lease | undefined }> {
    const at = this.#options.clock();
    const first = { position: 0, path: saga.steps[0]?.path ?? "" };
    return this.#transactions.atomic(async (transaction) => {
      const paths = pathsOf(saga);
      const kept = await createSaga(transaction, { id, name: saga.name, key, input, paths, at });
      if (kept !== id) return { id: kept };
      await registerStep(transaction, id, first);
      await tell(transaction, id, { at, text: `The saga ${saga.name} began for ${key}.` });
      return { id, lease: await this.#leases.acquire(leaseName(id), this.#options.holder) };
    });
  }

  async #resume(id: string): Promise<SagaReport> {
    const state = await this.#require(id);
    const unfinished = state.status === "running" || state.status === "compensating";
    if (!unfinished) return reportOf(state);
    return this.#work(id, (work) => takeUp(work, this.#options.holder));
  }

  /** Works on the saga unless somebody does, and reports how far it is. */
  #work(id: string, begin: (work: SagaWork) => Promise<void>): Promise<SagaReport> {
    return this.#active.get(id) ?? this.#track(id, this.#takeAndDrive(id, begin));
  }

  #track(id: string, working: Promise<SagaReport>): Promise<SagaReport> {
    const tracked = working.finally(() => this.#active.delete(id));
    this.#active.set(id, tracked);
    return tracked;
  }

  async #takeAndDrive(id: string, begin: (work: SagaWork) => Promise<void>): Promise<SagaReport> {
    const state = await this.#require(id);
    const saga = this.#declared(state);
    const lease = await this.#leases.acquire(leaseName(id), this.#options.holder);
    return lease === undefined ? reportOf(state) : this.#drive(id, saga, { lease, begin });
  }

  async #drive(
    id: string,
    saga: Saga<never>,
    { lease, begin }: { readonly lease: Lease; readonly begin?: (work: SagaWork) => Promise<void> },
  ): Promise<SagaReport> {
    {
      await using kept = keepLease(this.#leases, lease, this.#options.leaseTtlMs);
      const { clock, random } = this.#options;
      const shared = { transactions: this.#transactions, leases: this.#leases, clock, random };
      const work = { id, saga, kept, stop: this.#stop.signal, ...shared };
      await begin?.(work);
      await driveSaga(work);
    }
    return reportOf(await this.#require(id));
  }

  #declared({ name, paths }: SagaState): Saga<never> {
    const saga = this.#options.sagas.get(name);
    if (saga === undefined)
      throw unknown(`No saga "${name}" is declared in this runner. Add it to \`sagas\`.`);
    if (pathsOf(saga) !== paths)
      throw invalid(
        `The saga "${name}" has other steps now than when it was started. Run it with the ` +
          "declaration that it began with, and give the new one a name of its own.",
      );
    return saga;
  }

  async #require(id: string): Promise<SagaState> {
    const state = await readSaga(this.#transactions.connection, id);
    if (state === undefined) throw unknown(`There is no saga ${id}.`);
    return state;
  }

  #assertUsable(): void {
    if (this.#stop.signal.aborted) throw runnerClosed();
    if (this.#transactions.current() === undefined) return;
    throw transactionError(
      "transaction.would_deadlock",
      "A saga was asked for inside a transaction, in which none of its steps could commit. " +
        "Start it after the transaction, or in `afterCommit`.",
      { txState: "active", hint: "Start sagas outside transactions." },
    );
  }
}

function leaseName(id: string): string {
  return `saga:${id}`;
}

function pathsOf(saga: Saga<never>): string {
  return JSON.stringify(saga.steps.map(({ path }) => path));
}

function checkText(option: string, text: string): void {
  if (typeof text === "string" && text.length > 0 && text.length <= textLengthMax) return;
  throw invalid(`"${option}" must be a text of 1 to ${textLengthMax} characters.`);
}

function invalid(message: string): AtlasError {
  return transactionError("transaction.saga_invalid", message);
}

function unknown(message: string): AtlasError {
  return transactionError("transaction.saga_unknown", message);
}

function keyReused(name: string, key: string): AtlasError {
  return transactionError(
    "transaction.saga_key_reused",
    `The key "${key}" of the saga "${name}" belongs to another input. Take a key of its own.`,
    { details: { saga: name, key } },
  );
}

function runnerClosed(): AtlasError {
  return transactionError(
    "transaction.manager_closed",
    "The saga runner is closed. What it had begun goes on with `recover` of another one.",
    { hint: "Create a new runner and recover." },
  );
}
