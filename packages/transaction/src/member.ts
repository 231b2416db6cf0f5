import type { AsyncResource } from "node:async_hooks";
import type { Frame } from "./frame.ts";
import type { Priority } from "./transaction-options.ts";

/**
 * One transaction in the writer's queue. The lane runs it, whoever submitted
 * it is told once.
 *
 * @internal
 */
export interface Member {
  readonly frame: Frame;
  readonly priority: Priority;
  /** Whether it waits for a sync; set when it turns out to have participants. */
  durable: boolean;
  /** Its place in the queue, which alone changes these three. */
  queued: boolean;
  ahead: Member | undefined;
  behind: Member | undefined;
  /** On the monotonic clock. */
  readonly enqueuedAt: number;
  readonly waitTimeoutMs: number;
  readonly holdTimeoutMs: number;
  startedAt: number;
  /** Runs the body inside its frame; to be called in `context`. A promise means it waits. */
  readonly body: () => unknown;
  /** The asynchronous context of the submitter, outside the frame. */
  readonly context: AsyncResource;
  /** Refuses promises. */
  readonly program: boolean;
  /** Set while a waiting body runs: ends the wait with this error. */
  interrupt: ((error: unknown) => void) | undefined;
  result: unknown;
  /** Why its body failed. */
  failure: unknown;
  /** True when it has been told of its end. */
  ended: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}
