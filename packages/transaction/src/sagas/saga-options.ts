import { randomUUID } from "node:crypto";
import { checkOptions } from "@atlas/errors";
import type { Dialect } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import type { Saga, SagaRetry } from "./saga.ts";

/** How a saga runner works. */
export interface SagaRunnerOptions {
  /** Of the store of the transactions. */
  readonly dialect: Dialect;
  /** Sagas that this process can run and recover. */
  readonly sagas: readonly Saga<never>[];
  /**
   * Names this process in leases. With a name that it has again after a restart
   * it need not wait for its old leases. Default: an id of its own.
   */
  readonly holder?: string;
  /** Time after which others may take over from a dead process, in milliseconds, 1,000 to 86,400,000. Default: 30,000. */
  readonly leaseTtlMs?: number;
  /** Sagas that `recover` runs at a time, 1 to 1,000: they share commits. Default: 32. */
  readonly concurrency?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** 0 to 1; spreads the pauses between attempts. Default: `Math.random`. */
  readonly random?: () => number;
  /** Makes the ids of sagas. Default: `randomUUID` of node:crypto. */
  readonly createId?: () => string;
}

/** What a runner does unless told otherwise. Times are in milliseconds. */
export const sagaDefaults: {
  readonly leaseTtlMs: 30_000;
  readonly concurrency: 32;
  readonly retry: Readonly<Required<SagaRetry>>;
} = Object.freeze({
  leaseTtlMs: 30_000,
  concurrency: 32,
  retry: Object.freeze({
    attemptsMax: 3,
    undoAttemptsMax: 10,
    pauseMs: 100,
    pauseMaxMs: 30_000,
    timeoutMs: 30_000,
  }),
});

/** The options with nothing left out. @internal */
export interface ResolvedSagaOptions extends Required<Omit<SagaRunnerOptions, "sagas">> {
  readonly sagas: ReadonlyMap<string, Saga<never>>;
}

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveSagaOptions(options: SagaRunnerOptions): ResolvedSagaOptions {
  checkOptions<SagaRunnerOptions>("createSagaRunner", options, {
    dialect: "any",
    sagas: "any",
    holder: "any",
    leaseTtlMs: { min: 1_000, max: 86_400_000 },
    concurrency: { min: 1, max: 1_000 },
    clock: "any",
    random: "any",
    createId: "any",
  });
  const sagas = new Map(options.sagas.map((saga) => [saga.name, saga]));
  if (sagas.size !== options.sagas.length)
    throw transactionError("transaction.saga_invalid", "Two sagas have the same name. Rename one.");
  const createId = options.createId ?? randomUUID;
  return {
    dialect: options.dialect,
    sagas,
    holder: options.holder ?? createId(),
    leaseTtlMs: options.leaseTtlMs ?? sagaDefaults.leaseTtlMs,
    concurrency: options.concurrency ?? sagaDefaults.concurrency,
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
    createId,
  };
}
