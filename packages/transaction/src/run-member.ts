import type { AtlasError } from "@atlas/errors";
import type { Answer, Writer } from "@atlas/storage";
import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";

/** The savepoint that keeps the members of one commit apart. */
const savepoint = "member";

/**
 * Runs one member inside the open transaction of `writer`. Afterwards its work
 * is part of that transaction, or has been undone and `member.reject` called.
 *
 * The first member needs no savepoint: when it fails, everything is undone.
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
  let failure: unknown;
  try {
    if (!first) void writer.savepoint(savepoint);
    const outcome = member.context.runInAsyncScope(member.body);
    if (isPromise(outcome)) throw refusePromise(outcome);
    member.result = outcome;
    member.frame.close();
    if (!first) void writer.release(savepoint);
    return true;
  } catch (error) {
    failure = error;
  }
  member.frame.close();
  try {
    if (writer.inTransaction) void (first ? writer.rollback() : writer.rollbackTo(savepoint));
  } finally {
    member.reject(failure);
  }
  return false;
}

async function runWaiting(writer: Writer, member: Member, first: boolean): Promise<boolean> {
  let failure: unknown;
  try {
    if (!first) await writer.savepoint(savepoint);
    const outcome = member.context.runInAsyncScope(member.body);
    if (isPromise(outcome)) {
      if (member.program) throw refusePromise(outcome);
      member.result = await interruptible(member, outcome);
    } else {
      member.result = outcome;
    }
    member.frame.assertOpen();
    if (member.frame.hasUnfinishedChild) throw unfinishedChild(member.frame.id);
    member.frame.close();
    if (!first) await writer.release(savepoint);
    return true;
  } catch (error) {
    failure = error;
  }
  member.frame.close();
  try {
    await undo(writer, first);
  } finally {
    member.reject(failure);
  }
  return false;
}

/** Undoes the member; a database that has already given up everything needs nothing. */
async function undo(writer: Writer, first: boolean): Promise<void> {
  if (!writer.inTransaction) return;
  if (first) await writer.rollback();
  else await writer.rollbackTo(savepoint);
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
