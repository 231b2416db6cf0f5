import { AsyncResource } from "node:async_hooks";
import type { Frame } from "./frame.ts";
import { cancelled } from "./lane-errors.ts";
import type { Member } from "./member.ts";
import type { ResolvedManagerOptions, TransactionOptions } from "./transaction-options.ts";
import type { WriterLane } from "./writer-lane.ts";

/** An outermost transaction on its way to the lane. @internal */
export interface Submission {
  readonly frame: Frame;
  readonly body: () => unknown;
  readonly program: boolean;
  readonly options: TransactionOptions;
  readonly defaults: ResolvedManagerOptions;
}

/** Queues a transaction and resolves with its result when it is acknowledged. @internal */
export function submitMember(lane: WriterLane, submission: Submission): Promise<unknown> {
  const { frame, body, program, options, defaults } = submission;
  const { signal } = options;
  if (signal?.aborted === true) return Promise.reject(cancelled(signal));
  return new Promise((resolve, reject) => {
    const member: Member = {
      frame,
      priority: options.priority ?? "normal",
      durable: (options.durability ?? defaults.durability) === "full",
      queued: false,
      ahead: undefined,
      behind: undefined,
      enqueuedAt: defaults.monotonicClock(),
      waitTimeoutMs: options.waitTimeoutMs ?? defaults.waitTimeoutMs,
      holdTimeoutMs: options.holdTimeoutMs ?? defaults.holdTimeoutMs,
      startedAt: 0,
      body,
      // The lane runs in the context of whoever happened to wake it; the body
      // must see the context of its own caller. `AsyncLocalStorage.snapshot`
      // does the same at fifty times the cost.
      context: new AsyncResource("AtlasTransaction"),
      program,
      interrupt: undefined,
      result: undefined,
      failure: undefined,
      ended: false,
      resolve,
      reject,
    };
    lane.submit(member);
    if (signal !== undefined) watchSignal(signal, member, lane);
  });
}

/** Cancels the member when the signal fires; the listener does not outlive the member. */
function watchSignal(signal: AbortSignal, member: Member, lane: WriterLane): void {
  const onAbort = (): void => lane.cancel(member, cancelled(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  const forget = (): void => signal.removeEventListener("abort", onAbort);
  member.frame.afterCommit(forget);
  member.frame.afterRollback(forget);
}
