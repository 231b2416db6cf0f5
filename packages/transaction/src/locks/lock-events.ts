import type { LockMode } from "./lock-manager.ts";

/** What a lock manager tells its observer. Durations are in milliseconds. */
export type LockEvent = LockWaitEvent | LockDeadlockEvent | LockRetryEvent | LockTimeoutEvent;

/** An owner has to wait; there is no event for a lock that was free. */
export interface LockWaitEvent {
  readonly type: "lock.wait";
  readonly owner: string;
  readonly name: string;
  readonly mode: LockMode;
  /** Owners that are in the way. */
  readonly waitsFor: readonly string[];
}

/** Owners waited for each other in a circle; one of them was refused. */
export interface LockDeadlockEvent {
  readonly type: "lock.deadlock";
  readonly victim: string;
  /** The lock that the victim waited for. */
  readonly name: string;
  /** Each owner waits for the next one, the last for the first. */
  readonly cycle: readonly string[];
}

/** A victim begins its work again. */
export interface LockRetryEvent {
  readonly type: "lock.retry";
  readonly owner: string;
  /** The attempt that begins after the pause, from 2. */
  readonly attempt: number;
  readonly pauseMs: number;
}

/** A wait has used up its time. */
export interface LockTimeoutEvent {
  readonly type: "lock.timeout";
  readonly owner: string;
  readonly name: string;
  readonly mode: LockMode;
  readonly waitedMs: number;
}
