import { transactionError } from "../errors.ts";
import type { StoredValue } from "../states/canonical-json.ts";
import type { OutsideContext, StepAnswer, StepContext } from "./saga.ts";

/** How one call outside the store ends early. @internal */
export interface OutsideLimits {
  readonly timeoutMs: number;
  /** Absent for compensations, which are not cancelled. */
  readonly stop?: AbortSignal;
}

/**
 * Calls out and waits no longer than allowed. A call that does not look at its
 * signal goes on, unwatched; its idempotency key makes the next one harmless.
 *
 * @throws {AtlasError} transaction.timeout @internal
 */
export async function callOutside(
  call: ((context: OutsideContext<never>) => StepAnswer) | undefined,
  context: StepContext<never>,
  { timeoutMs, stop }: OutsideLimits,
): Promise<StoredValue> {
  if (call === undefined) return null;
  const controller = new AbortController();
  const cancel = (): void => controller.abort(stop?.reason);
  const timer = setTimeout(() => controller.abort(timedOut(timeoutMs)), timeoutMs);
  stop?.addEventListener("abort", cancel, { once: true });
  if (stop?.aborted === true) cancel();
  const ended = Promise.withResolvers<never>();
  const { signal } = controller;
  signal.addEventListener("abort", () => ended.reject(signal.reason), { once: true });
  // With nobody waiting for it any more its rejection is no news.
  ended.promise.catch(() => undefined);
  try {
    if (signal.aborted) throw signal.reason;
    const answer = Promise.resolve(call({ ...context, signal }));
    answer.catch(() => undefined);
    return (await Promise.race([answer, ended.promise])) ?? null;
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", cancel);
  }
}

function timedOut(timeoutMs: number): Error {
  return transactionError(
    "transaction.timeout",
    `The call outside the store took longer than ${timeoutMs} ms.`,
    { hint: "Allow more time in the retry policy of the step, or make the call shorter." },
  );
}
