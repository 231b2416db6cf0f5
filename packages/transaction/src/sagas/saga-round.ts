import assert from "node:assert/strict";
import type { LeaseTable } from "../locks/lease-table.ts";
import type { Transaction, TransactionManager } from "../transaction.ts";
import type { KeptLease } from "./kept-lease.ts";
import type { FlatStep, Saga, SagaRetry } from "./saga.ts";
import { sagaDefaults } from "./saga-options.ts";
import { readSaga, type SagaState, type StepRecord, tell, writeMove } from "./saga-store.ts";

/** One saga in the hands of this process. @internal */
export interface SagaWork {
  readonly id: string;
  readonly saga: Saga<never>;
  readonly kept: KeptLease;
  /** Fires when the runner closes. */
  readonly stop: AbortSignal;
  readonly transactions: Pick<TransactionManager, "atomic" | "connection">;
  readonly leases: LeaseTable;
  readonly clock: () => number;
  readonly random: () => number;
}

/** One saga at one step, as the store had it. @internal */
export interface Round extends SagaWork {
  readonly state: SagaState;
  readonly flat: FlatStep;
  readonly record: StepRecord;
  readonly retry: Required<SagaRetry>;
}

/** What there is to do; undefined when the saga has ended or waits for a person. @internal */
export async function nextRound(work: SagaWork): Promise<Round | undefined> {
  const state = await readSaga(work.transactions.connection, work.id);
  return state?.status === "running" || state?.status === "compensating"
    ? roundOf(work, state)
    : undefined;
}

/** @internal */
export function roundOf(work: SagaWork, state: SagaState): Round {
  const flat = work.saga.steps[state.position];
  const record = state.steps[state.position];
  // The declaration was compared with what is stored, which has a row for the step it is at.
  assert(flat !== undefined && record !== undefined);
  return { ...work, state, flat, record, retry: { ...sagaDefaults.retry, ...flat.step.retry } };
}

/** A transaction that is worth nothing when the lease is lost. @internal */
export function moving<T>(
  { transactions, leases, kept }: Round,
  body: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return transactions.atomic(async (transaction) => {
    await leases.assertHeld(kept.lease);
    return body(transaction);
  });
}

/** Where the saga goes on. @internal */
export function move(
  transaction: Transaction,
  { state, clock }: Round,
  change: Partial<Pick<SagaState, "status" | "position" | "failure">>,
): Promise<void> {
  const { status, position, failure } = state;
  return writeMove(transaction, state.id, { status, position, failure, ...change, at: clock() });
}

/** Adds a sentence about this step to the history. @internal */
export function say(transaction: Transaction, round: Round, text: string): Promise<void> {
  const { state, saga, flat, clock } = round;
  const place = `Step ${state.position + 1} of ${saga.steps.length}, ${flat.path}`;
  return tell(transaction, state.id, { at: clock(), text: `${place}: ${text}` });
}

/** Moves to the step before, or to the end. @internal */
export async function stepBack(
  transaction: Transaction,
  round: Round,
  text: string,
): Promise<void> {
  const { position } = round.state;
  const first = position === 0;
  await say(transaction, round, `${text}.${first ? " The saga is compensated." : ""}`);
  const change = first ? ({ status: "compensated" } as const) : { position: position - 1 };
  await move(transaction, round, change);
}
