import { cancelledError, throwIfCancelled } from "./cancelled.ts";

/** How one caller waits. */
export interface Wait {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The errors of a queue, made when they are needed. */
export interface WaitErrors {
  readonly full: (capacity: number) => Error;
  readonly timeout: (timeoutMs: number) => Error;
}

interface Waiter<T> {
  readonly timeoutMs: number;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
  /** Ends the watch over a signal. */
  unwatch: (() => void) | undefined;
}

/** Callers that wait for something, served first in, first out; bounded. */
export class WaitQueue<T> {
  readonly #capacity: number;
  readonly #errors: WaitErrors;
  // A set keeps the order of arrival and forgets one that gave up at once.
  readonly #waiters = new Set<Waiter<T>>();
  #turn: NodeJS.Immediate | undefined;

  constructor(capacity: number, errors: WaitErrors) {
    this.#capacity = capacity;
    this.#errors = errors;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Resolves when it is this caller's turn. */
  enqueue({ timeoutMs, signal }: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      throwIfCancelled(signal);
      if (this.#waiters.size >= this.#capacity) throw this.#errors.full(this.#capacity);
      // Plain data: a waiter is made in the time of whoever is being served.
      const waiter: Waiter<T> = {
        timeoutMs,
        resolve,
        reject,
        timer: undefined,
        unwatch: undefined,
      };
      this.#waiters.add(waiter);
      if (signal !== undefined) this.#watch(waiter, signal);
      if (this.#turn === undefined) this.#turn = setImmediate(() => this.#startTimers());
    });
  }

  /** Most are served before the event loop has had a turn, and a timer costs more than a read. */
  #startTimers(): void {
    this.#turn = undefined;
    for (const waiter of this.#waiters) {
      const { timeoutMs } = waiter;
      waiter.timer ??= setTimeout(() => {
        this.#giveUp(waiter, this.#errors.timeout(timeoutMs));
      }, timeoutMs);
    }
  }

  #watch(waiter: Waiter<T>, signal: AbortSignal): void {
    const cancel = (): void => this.#giveUp(waiter, cancelledError(signal));
    signal.addEventListener("abort", cancel, { once: true });
    waiter.unwatch = () => signal.removeEventListener("abort", cancel);
  }

  #giveUp(waiter: Waiter<T>, error: Error): void {
    if (this.#remove(waiter)) waiter.reject(error);
  }

  /**
   * Whoever settles a waiter takes it out of the set in the same step, so that
   * nothing is ever handed to one that has given up.
   */
  #remove(waiter: Waiter<T>): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    if (waiter.timer !== undefined) clearTimeout(waiter.timer);
    waiter.unwatch?.();
    return true;
  }

  /** Serves the next caller; false when nobody waits. */
  resolveNext(value: T): boolean {
    const waiter = this.#take();
    waiter?.resolve(value);
    return waiter !== undefined;
  }

  rejectNext(error: unknown): boolean {
    const waiter = this.#take();
    waiter?.reject(error);
    return waiter !== undefined;
  }

  rejectAll(error: unknown): void {
    while (this.rejectNext(error));
  }

  #take(): Waiter<T> | undefined {
    const waiter = this.#waiters.values().next().value;
    if (waiter !== undefined) this.#remove(waiter);
    return waiter;
  }
}
