import type { Saga } from "./saga.ts";
import type { SagaHistoryEntry, SagaHistoryPage, SagaReport, SagaStatus } from "./saga-report.ts";

/** Which work a saga is started for. */
export interface SagaStart<Input> {
  /** Names the work: a second start with the same key and input answers for the first. */
  readonly key: string;
  /** Plain data; it is stored. */
  readonly input: Input;
}

/** What a person decides about a compensation that keeps failing. */
export interface SagaResolution {
  /** Try it again, or leave it because it was done by hand. */
  readonly action: "retry" | "skip";
  /** Who decides. Stands in the history. */
  readonly by: string;
  /** Why. Stands in the history. */
  readonly note: string;
}

/** Which sagas are wanted. */
export interface SagaFilter {
  readonly status?: SagaStatus;
  readonly name?: string;
  /** Only ids after this one: the next page. */
  readonly after?: string;
  /** 1 to 10,000. Default: 100. */
  readonly limit?: number;
}

/** What a recovery has done. */
export interface SagaRecovery {
  readonly rolledForward: number;
  readonly rolledBack: number;
  readonly resumed: number;
  /** One sentence each, for people. */
  readonly notes: readonly string[];
}

/** Runs sagas, and those that other processes have left behind. */
export interface SagaRunner extends AsyncDisposable {
  /** As it appears in reports of recovery. */
  readonly name: "sagas";
  /** Creates the tables when they are missing. Safe in several processes at once. */
  prepare(): Promise<void>;
  /**
   * Runs a saga to its end, which may be that it was compensated: the status
   * says so. When another process works on it, the report tells how far it is.
   *
   * @throws {AtlasError} transaction.saga_key_reused when the key belongs to another input;
   * transaction.would_deadlock inside a transaction, in which no step could commit;
   * transaction.lease_lost when another process has taken it over meanwhile;
   * transaction.manager_closed when the runner closed before its end.
   */
  start<Input>(saga: Saga<Input>, start: SagaStart<Input>): Promise<SagaReport>;
  /** Goes on with every unfinished saga that nobody works on. Safe to call again. */
  recover(): Promise<SagaRecovery>;
  /**
   * Decides about a saga that needs attention, and goes on with it.
   *
   * @throws {AtlasError} transaction.saga_unknown, transaction.saga_invalid when it needs no attention.
   */
  resolve(id: string, resolution: SagaResolution): Promise<SagaReport>;
  get(id: string): Promise<SagaReport | undefined>;
  /** By id. */
  list(filter?: SagaFilter): Promise<readonly SagaReport[]>;
  /** What has happened, for people, oldest first. */
  history(id: string, page?: SagaHistoryPage): Promise<readonly SagaHistoryEntry[]>;
  /** Forgets sagas that ended before this moment, in steps that keep nobody waiting; answers how many. */
  prune(before: number): Promise<number>;
  /**
   * Refuses whatever comes, ends work between two steps, and resolves when
   * nothing of the runner writes any more; another runner, or the next one,
   * goes on with what has begun. Closing twice is harmless.
   *
   * @throws {AtlasError} transaction.would_deadlock inside a transaction, which it would wait for.
   */
  close(): Promise<void>;
}
