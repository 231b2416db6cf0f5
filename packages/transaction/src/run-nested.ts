import { transactionError } from "./errors.ts";
import { type Frame, type RollbackHook, readonlyError } from "./frame.ts";
import { type FrameBody, runBody } from "./run-body.ts";
import type { TransactionOptions } from "./transaction-options.ts";

/** A nested body on its way into its savepoint. @internal */
export interface Nesting {
  readonly body: FrameBody;
  readonly options: TransactionOptions;
  /** Runs what the inner transaction wants done after its rollback. */
  readonly runHooks: (frame: Frame, hooks: readonly RollbackHook[]) => void;
}

/** Runs a body inside `outer`: all of it, or nothing and the error. @internal */
export function runNested(outer: Frame, nesting: Nesting): Promise<unknown> {
  const { options } = nesting;
  outer.assertOpen();
  if (options.independent === true) throw wouldDeadlock();
  if (outer.readonly && options.readonly !== true) throw readonlyError();
  return outer.nest((child) => runInSavepoint(outer, child, nesting));
}

async function runInSavepoint(
  outer: Frame,
  child: Frame,
  { body, options, runHooks }: Nesting,
): Promise<unknown> {
  const { root } = child;
  const { writer } = root;
  const savepoint = `nested_${child.depth}`;
  const marks = root.enlisted?.marks();
  await writer?.savepoint(savepoint);
  try {
    const result = await runBody(child, body, options);
    await writer?.release(savepoint);
    outer.adoptHooks(child);
    return result;
  } catch (error) {
    // Without a transaction there is nothing left to undo: the database, or
    // a deadline of the outermost body, has undone it already.
    if (writer?.inTransaction === true && outer.open) await writer.rollbackTo(savepoint);
    root.enlisted?.undoTo(marks);
    runHooks(child, child.takeRollbackHooks());
    throw error;
  }
}

function wouldDeadlock(): Error {
  return transactionError(
    "transaction.would_deadlock",
    "An independent transaction was asked for inside another one. There is one writer, so it " +
      "would wait for itself. Leave `independent` out to nest.",
    { txState: "active" },
  );
}
