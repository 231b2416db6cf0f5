import { transactionError } from "../errors.ts";
import type { SagaResolution } from "./saga-runner.ts";
import type { Transaction } from "../transaction.ts";
import {
  move,
  moving,
  nextRound,
  type Round,
  roundOf,
  type SagaWork,
  say,
  stepBack,
} from "./saga-round.ts";
import { readSaga, writeStep } from "./saga-store.ts";

/** Attempts at a step, or at undoing it, that a crash may end before it counts as failed. */
const crashesMax = 20;

/** Registers the attempt of a process that goes on with what another one left. @internal */
export async function takeUp(work: SagaWork, holder: string): Promise<void> {
  const round = await nextRound(work);
  if (round === undefined) return;
  await moving(round, async (transaction) => {
    await say(transaction, round, `taken up again by ${holder}.`);
    await (round.state.status === "running" ? tryAgain : undoAgain)(transaction, round);
  });
}

async function tryAgain(transaction: Transaction, round: Round): Promise<void> {
  const { state, record, retry, flat } = round;
  const attempts = record.attempts + 1;
  await writeStep(transaction, state.id, { ...record, attempts });
  if (attempts <= retry.attemptsMax + crashesMax) return;
  const message = `The process ended in the middle of it more than ${crashesMax} times.`;
  await say(transaction, round, `failed (crashed). ${message} What was done is undone now.`);
  const failure = { step: flat.path, code: "crashed", message };
  await move(transaction, round, { status: "compensating", failure });
}

/** Going on with what ends every process would never end, and undoing what lies before it is no way out. */
async function undoAgain(transaction: Transaction, round: Round): Promise<void> {
  const { state, record } = round;
  const undoCrashes = record.undoCrashes + 1;
  await writeStep(transaction, state.id, { ...record, undoCrashes });
  if (undoCrashes <= crashesMax) return;
  const message = `The process ended in the middle of it more than ${crashesMax} times.`;
  const text = `could not be undone (crashed). ${message} A person has to decide how it goes on.`;
  await say(transaction, round, text);
  await move(transaction, round, { status: "needs_attention" });
}

/** Does with a step that could not be undone what a person has decided. @internal */
export async function applyResolution(
  work: SagaWork,
  { action, by, note }: SagaResolution,
): Promise<void> {
  const state = await readSaga(work.transactions.connection, work.id);
  if (state?.status !== "needs_attention")
    throw transactionError(
      "transaction.saga_invalid",
      `The saga ${work.id} is ${state?.status ?? "gone"} and needs no attention.`,
    );
  const round = roundOf(work, { ...state, status: "compensating" });
  const { record } = round;
  await moving(round, async (transaction) => {
    if (action === "skip") {
      await writeStep(transaction, state.id, { ...record, status: "resolved" });
      return stepBack(transaction, round, `${by} has taken care of it: ${note}`);
    }
    await writeStep(transaction, state.id, { ...record, undoFailures: 0, undoCrashes: 0 });
    await say(transaction, round, `${by} has it undone once more: ${note}`);
    return move(transaction, round, {});
  });
}
