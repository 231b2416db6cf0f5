/**
 * Drives one saga, one attempt after the other. The store decides where it is:
 * each round reads it, and each transaction that moves it checks the lease.
 *
 * Invariants:
 * 1. A step is registered, and with it its compensation, in a transaction before
 *    it runs: the first with the saga, each further one with the outcome of the
 *    one before it, a repeated one with the failure that it repeats.
 * 2. The effects of `run` and the outcome are one transaction, and so are those
 *    of `compensate` and the mark that the step is undone.
 * 3. A holder whose lease was taken changes nothing any more, wherever it is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { fullJitterMs } from "../full-jitter.ts";
import { canonicalJson, type StoredValue } from "../states/canonical-json.ts";
import type { Transaction } from "../transaction.ts";
import { callOutside } from "./call-outside.ts";
import { failureOf, isWorthRepeating } from "./saga-failure.ts";
import { move, moving, nextRound, type Round, type SagaWork, say, stepBack } from "./saga-round.ts";
import { registerStep, writeStep } from "./saga-store.ts";
import { contextOf } from "./step-view.ts";

/** Goes on until the saga has ended or needs a person. @internal */
export async function driveSaga(work: SagaWork): Promise<void> {
  for (;;) {
    work.kept.lost.throwIfAborted();
    work.stop.throwIfAborted();
    const round = await nextRound(work);
    if (round === undefined) return;
    await (round.state.status === "running" ? goForward(round) : goBack(round));
  }
}

async function goForward(round: Round): Promise<void> {
  const { flat, record, retry, stop, state, saga } = round;
  const { step } = flat;
  try {
    const context = contextOf(state, flat, { undo: false, attempt: record.attempts });
    const outside = await callOutside(step.outside, context, { timeoutMs: retry.timeoutMs, stop });
    await moving(round, async (transaction) => {
      const answer =
        step.run === undefined ? outside : await step.run(transaction, { ...context, outside });
      await complete(transaction, round, answer ?? null);
      const position = state.position + 1;
      const next = saga.steps[position];
      const status = next === undefined ? "completed" : "running";
      if (next !== undefined)
        await registerStep(transaction, state.id, { position, path: next.path });
      await move(transaction, round, next === undefined ? { status } : { status, position });
    });
  } catch (error) {
    throwIfOver(round, error);
    await noteFailure(round, error);
  }
}

async function complete(
  transaction: Transaction,
  round: Round,
  answer: StoredValue,
): Promise<void> {
  const { state, record, saga } = round;
  // Refuses here, in the transaction of the effect, what would not come back as it is.
  const outcome = JSON.parse(canonicalJson(answer)) as StoredValue;
  await writeStep(transaction, state.id, { ...record, status: "completed", outcome });
  const last = state.position + 1 === saga.steps.length;
  await say(transaction, round, `done.${last ? " The saga is completed." : ""}`);
}

async function noteFailure(round: Round, error: unknown): Promise<void> {
  const { state, record, retry, flat } = round;
  const failures = record.failures + 1;
  const again = isWorthRepeating(error) && failures < retry.attemptsMax;
  const failure = failureOf(flat.path, error);
  await moving(round, async (transaction) => {
    await writeStep(transaction, state.id, {
      ...record,
      failures,
      attempts: record.attempts + (again ? 1 : 0),
    });
    const what = again ? "It is tried again." : "What was done is undone now.";
    await say(transaction, round, `failed (${failure.code}). ${what}`);
    if (!again) await move(transaction, round, { status: "compensating", failure });
  });
  if (again) await pause(round, failures);
}

async function goBack(round: Round): Promise<void> {
  const { flat, record, retry, state } = round;
  const { step } = flat;
  try {
    const context = contextOf(state, flat, { undo: true, attempt: record.undoFailures + 1 });
    // Not cancelled by the closing of the runner: what has begun to be undone is undone.
    await callOutside(step.compensateOutside, context, { timeoutMs: retry.timeoutMs });
    await moving(round, async (transaction) => {
      const committed = record.status === "completed";
      if (committed) await step.compensate?.(transaction, { ...context, outside: record.outcome });
      await writeStep(transaction, state.id, { ...record, status: "compensated" });
      await stepBack(
        transaction,
        round,
        committed ? "undone" : "was not done; nothing is left of it",
      );
    });
  } catch (error) {
    throwIfOver(round, error);
    await noteUndoFailure(round, error);
  }
}

async function noteUndoFailure(round: Round, error: unknown): Promise<void> {
  const { state, record, retry, flat } = round;
  const undoFailures = record.undoFailures + 1;
  const again = undoFailures < retry.undoAttemptsMax;
  const { code } = failureOf(flat.path, error);
  await moving(round, async (transaction) => {
    await writeStep(transaction, state.id, { ...record, undoFailures });
    const what = again ? "It is tried again." : "A person has to decide how it goes on.";
    await say(transaction, round, `could not be undone (${code}). ${what}`);
    if (!again) await move(transaction, round, { status: "needs_attention" });
  });
  if (again) await pause(round, undoFailures);
}

/** Throws when this process can not, or must not, go on: the store tells the next one what was done. */
function throwIfOver({ stop, kept }: Round, error: unknown): void {
  stop.throwIfAborted();
  kept.lost.throwIfAborted();
  if (!AtlasError.is(error)) return;
  const { code } = error;
  const over =
    code === "transaction.lease_lost" ||
    code === "transaction.outcome_unknown" ||
    code === "transaction.manager_closed";
  if (over) throw error;
}

async function pause({ retry, random, stop }: Round, failures: number): Promise<void> {
  const pauseMs = fullJitterMs(failures + 1, retry, random);
  // Closing ends the pause; the loop sees that by itself.
  await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
}
