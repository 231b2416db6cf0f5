import type { StoredValue } from "../states/canonical-json.ts";
import type { Transaction } from "../transaction.ts";

/** What a step is told. */
export interface StepContext<Input> {
  readonly sagaId: string;
  readonly input: Input;
  /** What the steps before have answered, by name; a nested saga answers with those of its steps. */
  readonly results: Readonly<Record<string, StoredValue>>;
  /**
   * The same in every attempt of this step, and another for its compensation:
   * what an outside service needs to do it once only.
   */
  readonly idempotencyKey: string;
  /** From 1. */
  readonly attempt: number;
}

/** What the part of a step outside the store is told. */
export interface OutsideContext<Input> extends StepContext<Input> {
  /** Fires when the time of the attempt is over, or the runner closes. */
  readonly signal: AbortSignal;
}

/** What the part of a step inside the store is told. */
export interface WriteContext<Input> extends StepContext<Input> {
  /** For `run` what `outside` has answered in this attempt, for `compensate` the result of the step. */
  readonly outside: StoredValue;
}

/** How often and how patiently a step is tried. Times are in milliseconds. */
export interface SagaRetry {
  /** Attempts that may fail, 1 to 1,000. Default: 3. */
  readonly attemptsMax?: number;
  /** The same for its compensation. Default: 10. */
  readonly undoAttemptsMax?: number;
  /** Bound of the first pause, 0 to 3,600,000; it doubles each time. Default: 100. */
  readonly pauseMs?: number;
  /** Largest bound of a pause, 0 to 3,600,000. Default: 30,000. */
  readonly pauseMaxMs?: number;
  /** Longest time of one `outside` or `compensateOutside`, 1 to 3,600,000. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** What a part of a step may answer. */
export type StepAnswer = StoredValue | void | Promise<StoredValue | void>;

/** One step: effects outside the store, effects inside it, or both in this order. */
export interface SagaStep<Input> {
  /** Unique in its saga; no slash. */
  readonly name: string;
  /**
   * Effects outside the store, while no transaction is open. After a failure or a
   * crash it is called again with the same idempotency key.
   */
  readonly outside?: (context: OutsideContext<Input>) => StepAnswer;
  /**
   * Effects in the store, in the transaction that also stores the outcome of the
   * step: they happen exactly once. It keeps the writer, at most for the
   * `holdTimeoutMs` of the manager, so nothing in it waits for others. Its answer is the result of the step; without
   * `run` it is that of `outside`.
   */
  readonly run?: (transaction: Transaction, context: WriteContext<Input>) => StepAnswer;
  /** Undoes `outside`, also when it is not known whether that has happened. */
  readonly compensateOutside?: (context: OutsideContext<Input>) => StepAnswer;
  /**
   * Undoes `run`, exactly once, in the transaction that also stores that it was
   * undone. Not called when `run` was not committed.
   */
  readonly compensate?: (transaction: Transaction, context: WriteContext<Input>) => StepAnswer;
  readonly retry?: SagaRetry;
}

/** A saga as a step of another. Made by `nestSaga`. */
export interface NestedSaga<Input> {
  readonly name: string;
  readonly saga: Saga<never>;
  readonly input: (context: Pick<StepContext<Input>, "input" | "results">) => StoredValue;
}

/** Steps in order, each with its way back. Made by `defineSaga`. */
export interface Saga<in Input> {
  readonly name: string;
  /** Nested sagas replaced by their steps. */
  readonly steps: readonly FlatStep[];
  /** For the compiler only. */
  readonly takes?: (input: Input) => void;
}

/** A step with its place in the whole. */
export interface FlatStep {
  /** Names from the outermost saga to the step, joined by slashes. */
  readonly path: string;
  readonly step: SagaStep<never>;
  readonly scopes: readonly SagaScope[];
}

/** One saga that a step is nested in. */
export interface SagaScope {
  readonly name: string;
  readonly input: NestedSaga<never>["input"];
}
