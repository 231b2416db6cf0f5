import type { Frame } from "./frame.ts";
import { transactionError } from "./errors.ts";
import { cancelled, holdTimeout } from "./lane-errors.ts";
import type { TransactionOptions } from "./transaction-options.ts";

/** What a body is, once the manager knows in which frame it runs. @internal */
export type FrameBody = (frame: Frame) => unknown;

/**
 * Runs a nested or a read-only body in its frame and closes the frame. The
 * outermost body of a writing transaction is run by the lane instead.
 *
 * @internal
 */
export async function runBody(
  frame: Frame,
  body: FrameBody,
  options: TransactionOptions,
): Promise<unknown> {
  const { frames } = frame.root;
  try {
    const run = (): Promise<unknown> => frames.run(frame, async () => body(frame));
    const result = await (isLimited(options) ? withLimits(frame, run, options) : run());
    frame.assertOpen();
    if (frame.hasUnfinishedChild) throw unfinishedChild();
    return result;
  } finally {
    frame.close();
  }
}

function isLimited({ signal, holdTimeoutMs }: TransactionOptions): boolean {
  return signal !== undefined || holdTimeoutMs !== undefined;
}

/** Ends the wait for the body, whose handle is refused from then on. */
async function withLimits(
  frame: Frame,
  run: () => Promise<unknown>,
  { signal, holdTimeoutMs }: TransactionOptions,
): Promise<unknown> {
  if (signal?.aborted === true) throw cancelled(signal);
  const limit = Promise.withResolvers<never>();
  const end = (error: ReturnType<typeof holdTimeout>): void => {
    frame.close(error);
    limit.reject(error);
  };
  const onAbort = (): void => {
    if (signal !== undefined) end(cancelled(signal));
  };
  const timer =
    holdTimeoutMs === undefined
      ? undefined
      : setTimeout(() => end(holdTimeout(frame.id, holdTimeoutMs)), holdTimeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([run(), limit.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function unfinishedChild(): Error {
  return transactionError(
    "transaction.child_unfinished",
    "A nested transaction returned while one inside it was still running, so it was " +
      "rolled back. Await every nested `atomic`.",
    { txState: "active" },
  );
}
