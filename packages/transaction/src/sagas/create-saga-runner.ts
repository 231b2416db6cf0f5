import { checkOptions } from "@atlas/errors";
import { createLeaseTable } from "../locks/create-lease-table.ts";
import { ensureTables } from "../ensure-tables.ts";
import type { Lease, LeaseTable } from "../locks/lease-table.ts";
import { canonicalJson } from "../states/canonical-json.ts";
import type { TransactionManager } from "../transaction.ts";
import { UnderWay } from "../under-way.ts";
import { stepPathsOf } from "./define-saga.ts";
import { driveSaga } from "./drive-saga.ts";
import { keepLease } from "./kept-lease.ts";
import { recoverSagas } from "./recover-sagas.ts";
import type { Saga } from "./saga.ts";
import {
  type ResolvedSagaOptions,
  resolveSagaOptions,
  type SagaRunnerOptions,
} from "./saga-options.ts";
import type { SagaHistoryEntry, SagaHistoryPage, SagaReport } from "./saga-report.ts";
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
  listSagas,
  prunedAtOnceMax,
  pruneSome,
  readHistory,
  readSaga,
  registerStep,
  reportOf,
  type SagaState,
  tell,
} from "./saga-store.ts";
import {
  checkText,
  insideTransaction,
  invalid,
  keyReused,
  runnerClosed,
  unknown,
} from "./saga-errors.ts";
import { applyResolution, takeUp } from "./take-up-saga.ts";
import { sagaHistoryTable, sagaIndexes, sagasTable, sagaStepsTable } from "./saga-tables.ts";

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
  readonly #underWay: UnderWay = new UnderWay();
  readonly #stop: AbortController = new AbortController();

  constructor(transactions: SagaTransactions, options: ResolvedSagaOptions) {
    this.#transactions = transactions;
    this.#options = options;
    const { dialect, leaseTtlMs: ttlMs, clock } = options;
    this.#leases = createLeaseTable(transactions, { dialect, ttlMs, clock });
  }

  prepare(): Promise<void> {
    return this.#perform(async () => {
      await this.#leases.prepare();
      await ensureTables(this.#transactions, this.#options.dialect, {
        tables: [sagasTable, sagaStepsTable, sagaHistoryTable],
        indexes: sagaIndexes,
      });
    });
  }

  start<Input>(saga: Saga<Input>, start: SagaStart<Input>): Promise<SagaReport> {
    return this.#perform(async () => {
      this.#assertOutside();
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
        if (lease !== undefined) return await this.#track(id, this.#drive(id, saga, { lease }));
        const state = await this.#require(id);
        if (state.input !== input) throw keyReused(saga.name, start.key);
        return await this.#resume(id);
      } finally {
        this.#starting.delete(created);
      }
    });
  }

  recover(): Promise<SagaRecovery> {
    return this.#perform(async () => {
      this.#assertOutside();
      return recoverSagas({
        reader: this.#transactions.connection,
        concurrency: this.#options.concurrency,
        stop: this.#stop.signal,
        isActive: (id) => this.#active.has(id) || this.#starting.has(id),
        resume: (id) => this.#resume(id),
      });
    });
  }

  resolve(id: string, resolution: SagaResolution): Promise<SagaReport> {
    return this.#perform(async () => {
      this.#assertOutside();
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
    });
  }

  get(id: string): Promise<SagaReport | undefined> {
    return this.#perform(async () => {
      const state = await this.#transactions.read((reader) => readSaga(reader, id));
      return state && reportOf(state);
    });
  }

  list(filter: SagaFilter = {}): Promise<readonly SagaReport[]> {
    return this.#perform(async () => {
      checkOptions<SagaFilter>("list", filter, {
        status: ["running", "compensating", "needs_attention", "completed", "compensated"],
        name: "any",
        after: "any",
        limit: { min: 1, max: 10_000 },
      });
      return this.#transactions.read((reader) => listSagas(reader, filter));
    });
  }

  history(id: string, page: SagaHistoryPage = {}): Promise<readonly SagaHistoryEntry[]> {
    return this.#perform(async () => {
      checkOptions<SagaHistoryPage>("history", page, {
        after: { min: 0, max: Number.MAX_SAFE_INTEGER },
        limit: { min: 1, max: 10_000 },
      });
      return readHistory(this.#transactions.connection, id, page);
    });
  }

  prune(before: number): Promise<number> {
    return this.#perform(async () => {
      let pruned = 0;
      for (;;) {
        this.#stop.signal.throwIfAborted();
        const some = await this.#transactions.atomic((tx) => pruneSome(tx, before));
        pruned += some;
        if (some < prunedAtOnceMax) return pruned;
      }
    });
  }

  async close(): Promise<void> {
    this.#assertOutside();
    if (!this.#stop.signal.aborted) this.#stop.abort(runnerClosed());
    await this.#underWay.idle();
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
      // It may have waited for the writer while the runner was closed.
      this.#stop.signal.throwIfAborted();
      const paths = stepPathsOf(saga);
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
    this.#stop.signal.throwIfAborted();
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
      this.#stop.signal.throwIfAborted();
      await begin?.(work);
      await driveSaga(work);
    }
    return reportOf(await this.#require(id));
  }

  #declared({ name, paths }: SagaState): Saga<never> {
    const saga = this.#options.sagas.get(name);
    if (saga === undefined)
      throw unknown(`No saga "${name}" is declared in this runner. Add it to \`sagas\`.`);
    if (stepPathsOf(saga) !== paths)
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

  async #perform<T>(work: () => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted();
    return this.#underWay.track(work());
  }

  #assertOutside(): void {
    if (this.#transactions.current() !== undefined) throw insideTransaction();
  }
}

function leaseName(id: string): string {
  return `saga:${id}`;
}
