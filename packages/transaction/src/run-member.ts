import type { Answer, Writer } from "@atlas/storage";
import type { AtlasError } from "@atlas/errors";
import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";

/**
 * Runs one member inside the open transaction of `writer`. Afterwards its work
 * is part of that transaction, or has been undone and `member.failure` says why.
 *
 * Each member is a step, but for the first: when that fails, everything is undone.
 * Answers true when the member succeeded; at once when nothing has to be waited
 * for, because a promise for each member is a noticeable part of its cost.
 *
 * @internal
 */
export function runMember(writer: Writer, member: Member, first: boolean): Answer<boolean> {
  const embedded = writer.sync !== undefined;
  return embedded && member.program
    ? runAtOnce(writer, member, first)
    : runWaiting(writer, member, first);
}

/** A program on an embedded driver: nothing here answers with a promise. */
function runAtOnce(writer: Writer, member: Member, first: boolean): boolean {
  try {
    if (!first) void writer.beginStep();
    const outcome = member.context.runInAsyncScope(member.body);
    if (isPromise(outcome)) throw refusePromise(outcome);
    member.result = outcome;
    const { enlisted } = member.frame.root;
    if (enlisted !== undefined && writer.sync !== undefined) enlisted.prepareSync(writer.sync);
    member.frame.close();
    void writer.keepStep();
    return true;
  } catch (error) {
    member.failure = error;
  }
  member.frame.close();
  if (writer.inTransaction) void (first ? writer.rollback() : writer.undoStep());
  return false;
}

async function runWaiting(writer: Writer, member: Member, first: boolean): Promise<boolean> {
  try {
    if (!first) await writer.beginStep();
    const outcome = member.context.runInAsyncScope(member.body);
    if (isPromise(outcome)) {
      if (member.program) throw refusePromise(outcome);
      member.result = await interruptible(member, outcome);
    } else {
      member.result = outcome;
    }
    refuseUnfinished(member);
    if (member.frame.root.enlisted !== undefined) await prepare(writer, member);
    member.frame.close();
    await writer.keepStep();
    return true;
  } catch (error) {
    member.failure = error;
  }
  member.frame.close();
  await undo(writer, first);
  return false;
}

/** The participants' part before the commit belongs to the body: its deadline holds for both. */
async function prepare(writer: Writer, member: Member): Promise<void> {
  const { frame, context } = member;
  const { enlisted, frames } = frame.root;
  const prepared = context.runInAsyncScope(() =>
    frames.run(frame, async () => enlisted?.prepare(frame, writer.sync)),
  );
  await interruptible(member, prepared);
  refuseUnfinished(member);
}

function refuseUnfinished({ frame }: Member): void {
  frame.assertOpen();
  if (frame.hasUnfinishedChild) throw unfinishedChild(frame.id);
}

/** Undoes the member; a database that has already given up everything needs nothing. */
async function undo(writer: Writer, first: boolean): Promise<void> {
  if (!writer.inTransaction) return;
  if (first) await writer.rollback();
  else await writer.undoStep();
}

function interruptible(member: Member, outcome: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    member.interrupt = reject;
    outcome.then(resolve, reject);
  }).finally(() => {
    member.interrupt = undefined;
  });
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

function refusePromise(outcome: PromiseLike<unknown>): AtlasError {
  // What the promise does later is nobody's business any more, but it must not
  // end the process as an unhandled rejection.
  outcome.then(undefined, () => undefined);
  return transactionError(
    "transaction.body_returned_promise",
    "A program returned a promise, so it was rolled back. Use `atomic` for a body that awaits.",
    { txState: "rolledBack" },
  );
}

function unfinishedChild(id: string): AtlasError {
  return transactionError(
    "transaction.child_unfinished",
    `The body of transaction ${id} returned while a nested transaction was still running, ` +
      "so all of it was rolled back. Await every nested `atomic`.",
    { txState: "rolledBack" },
  );
}
