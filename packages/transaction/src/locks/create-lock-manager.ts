import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { AtlasError } from "@atlas/errors";
import { fullJitterMs } from "../full-jitter.ts";
import {
  deadlock,
  isCausedBy,
  lockCancelled,
  lockManagerClosed,
  lockTimeout,
  ownerEnded,
  tooMany,
  unowned,
  waitsInTransaction,
} from "./lock-errors.ts";
import { HeldLock, type LockService } from "./lock-handle.ts";
import type {
  LockHandle,
  LockManager,
  LockMode,
  LockOwner,
  LockRunOptions,
  LockWaitOptions,
} from "./lock-manager.ts";
import {
  checkWish,
  type LockManagerOptions,
  type ResolvedLockOptions,
  resolveLockOptions,
  resolveRunOptions,
} from "./lock-options.ts";
import { type LockWish, OwnerNode } from "./lock-owner.ts";
import type { LockRequest, Owner } from "./lock-request.ts";
import { type LockTable, lockTableOf } from "./lock-table.ts";
import { NamedLock } from "./named-lock.ts";
import { findCycle } from "./wait-for-graph.ts";

/**
 * Makes a manager of named locks for the work of this process.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createLockManager(options: LockManagerOptions = {}): LockManager {
  return new Manager(resolveLockOptions(options));
}

class Manager implements LockManager, LockService {
  readonly #options: ResolvedLockOptions;
  readonly #owners: AsyncLocalStorage<OwnerNode> = new AsyncLocalStorage();
  readonly #locks: Map<string, NamedLock> = new Map();
  readonly #acquire = (owner: OwnerNode, wish: LockWish): Promise<LockHandle> =>
    this.#take(owner, wish);
  #ages = 0;
  #orders = 0;
  #tokens = 0;
  #waiting = 0;
  #closed = false;

  constructor(options: ResolvedLockOptions) {
    this.#options = options;
  }

  async run<T>(
    body: (owner: LockOwner) => T | Promise<T>,
    options: LockRunOptions = {},
  ): Promise<T> {
    const retry = resolveRunOptions(options, this.#options.retry);
    const outer = this.#owners.getStore();
    // As an owner of its own it could wait for the one around it, which waits for its end.
    if (outer !== undefined && !outer.ended) return body(outer.face);
    if (this.#closed) throw lockManagerClosed();
    this.#ages += 1;
    const work = { age: this.#ages, asked: new Map(), acquire: this.#acquire };
    for (let attempt = 1; ; attempt += 1) {
      const owner = new OwnerNode(work, attempt);
      try {
        await this.#reserve(owner);
        return await this.#owners.run(owner, async () => body(owner.face));
      } catch (error) {
        if (attempt >= retry.attemptsMax || !isCausedBy(error, owner.refusals)) throw error;
      } finally {
        this.#end(owner);
      }
      const pauseMs = fullJitterMs(attempt + 1, retry, this.#options.random);
      this.#options.onEvent?.({
        type: "lock.retry",
        owner: owner.id,
        attempt: attempt + 1,
        pauseMs,
      });
      await sleep(pauseMs);
      if (this.#closed) throw lockManagerClosed();
    }
  }

  async lock(name: string, mode: LockMode, options: LockWaitOptions = {}): Promise<LockHandle> {
    const owner = this.#owners.getStore();
    if (owner === undefined) throw unowned(name);
    return this.#take(owner, { name, mode, options });
  }

  table(): LockTable {
    return lockTableOf(this.#locks.values());
  }

  close(): void {
    this.#closed = true;
    for (const lock of this.#locks.values()) {
      for (const request of lock.waiting()) this.#refuse(request, lockManagerClosed());
      this.#forgetIdle(lock);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  convert(handle: HeldLock, options: LockWaitOptions): Promise<void> {
    const { owner, lock } = handle;
    const wish = { name: lock.name, mode: "exclusive", options } as const;
    return this.#ask(owner, wish, handle).then(() => undefined);
  }

  changed(lock: NamedLock): void {
    for (let next = lock.next(); next !== undefined; next = lock.next()) {
      this.#waiting -= 1;
      next.granted(this.#grant(next));
    }
    this.#forgetIdle(lock);
  }

  withdraw(request: LockRequest, error: AtlasError): void {
    this.#refuse(request, error);
  }

  /**
   * Takes what earlier attempts have asked for, in the order of the names: those
   * who all do so cannot wait for each other in a circle. Without it every
   * attempt runs into the same circles again; see the figures in docs/locks.md.
   */
  async #reserve(owner: OwnerNode): Promise<void> {
    try {
      for (const [name, mode] of [...owner.asked].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const { lock } = await this.#ask(owner, { name, mode, options: {} });
        owner.reserved.set(lock, mode);
      }
    } catch (error) {
      // What else goes wrong is for the body to meet, which may have an answer to it.
      if (isCausedBy(error, owner.refusals)) throw error;
    }
  }

  async #take(owner: OwnerNode, wish: LockWish): Promise<LockHandle> {
    const { lock, token } = await this.#ask(owner, wish);
    // Its body may have ended between the grant and this moment, and the lock with it.
    if (owner.ended) throw ownerEnded(owner.id);
    return new HeldLock({ owner, lock, mode: wish.mode, token }, this);
  }

  async #ask(
    owner: OwnerNode,
    wish: LockWish,
    converts?: HeldLock,
  ): Promise<{ lock: NamedLock; token: number }> {
    const { name, mode, options } = wish;
    checkWish(name, mode, options);
    if (this.#closed) throw lockManagerClosed();
    if (owner.ended) throw ownerEnded(owner.id);
    if (options.signal?.aborted === true) throw lockCancelled(name, options.signal.reason);
    const lock = this.#locks.get(name) ?? this.#add(name);
    if (options.timeoutMs !== 0) owner.note(name, mode);
    const outcome = Promise.withResolvers<number>();
    this.#orders += 1;
    const request: LockRequest = {
      owner,
      lock,
      mode,
      converts,
      order: this.#orders,
      since: this.#options.clock(),
      granted: outcome.resolve,
      refused: outcome.reject,
    };
    if (lock.isFreeFor(request)) return { lock, token: this.#grant(request) };
    return { lock, token: await this.#wait(request, wish, outcome.promise) };
  }

  async #wait(request: LockRequest, wish: LockWish, outcome: Promise<number>): Promise<number> {
    const { owner, lock, mode } = request;
    const { signal, timeoutMs = this.#options.timeoutMs } = wish.options;
    if (timeoutMs === 0) throw lockTimeout(lock.name, mode, timeoutMs);
    if (this.#options.insideTransaction()) throw waitsInTransaction(lock.name);
    const { waitersMax, onEvent, clock } = this.#options;
    if (this.#waiting >= waitersMax) throw tooMany("waiters", waitersMax);
    const cancel = (): void => this.#giveUp(request, lockCancelled(lock.name, signal?.reason));
    const timer = setTimeout(() => {
      const waitedMs = clock() - request.since;
      onEvent?.({ type: "lock.timeout", owner: owner.id, name: lock.name, mode, waitedMs });
      this.#giveUp(request, lockTimeout(lock.name, mode, timeoutMs));
    }, timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      this.#enqueue(request);
      return await outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  #enqueue(request: LockRequest): void {
    const { owner, lock, mode } = request;
    lock.enqueue(request);
    this.#waiting += 1;
    this.#options.onEvent?.({
      type: "lock.wait",
      owner: owner.id,
      name: lock.name,
      mode,
      waitsFor: lock.ownersBefore(request),
    });
    this.#breakCycles(owner);
  }

  #breakCycles(owner: Owner): void {
    for (let cycle = findCycle(owner); cycle !== undefined; cycle = findCycle(owner))
      this.#break(cycle);
  }

  /**
   * The youngest is refused, and keeps its age when it begins again. So the
   * oldest owner is never refused, ends, and makes the next one the oldest:
   * everybody ends after finitely many attempts (the argument of Rosenkrantz,
   * Stearns and Lewis, "System Level Concurrency Control for Distributed
   * Database Systems", ACM TODS 3(2), 1978, for wait-die and wound-wait).
   */
  #break(cycle: readonly LockRequest[]): void {
    const victim = cycle.reduce((a, b) => (b.owner.age > a.owner.age ? b : a));
    this.#options.onEvent?.({
      type: "lock.deadlock",
      victim: victim.owner.id,
      name: victim.lock.name,
      cycle: cycle.map(({ owner }) => owner.id),
    });
    const error = deadlock(victim, cycle);
    (victim.owner as OwnerNode).refusals.add(error);
    this.#giveUp(victim, error);
  }

  #grant(request: LockRequest): number {
    this.#tokens += 1;
    const token = this.#tokens;
    const moved = request.lock.grant(request, { token, since: this.#options.clock() });
    request.converts?.converted(token);
    if (moved) this.#breakCycles(request.owner);
    return token;
  }

  /** Ends a wait; those behind it may be next. */
  #giveUp(request: LockRequest, error: AtlasError): void {
    this.#refuse(request, error);
    this.changed(request.lock);
  }

  #refuse(request: LockRequest, error: AtlasError): void {
    if (!request.owner.waiting.has(request)) return;
    this.#waiting -= 1;
    request.lock.withdraw(request);
    request.refused(error);
  }

  #end(owner: OwnerNode): void {
    owner.ended = true;
    const touched = new Set(owner.held);
    for (const request of owner.waiting) {
      touched.add(request.lock);
      this.#refuse(request, ownerEnded(owner.id));
    }
    for (const lock of touched) lock.releaseAll(owner);
    for (const lock of touched) this.changed(lock);
  }

  #add(name: string): NamedLock {
    const { namesMax } = this.#options;
    if (this.#locks.size >= namesMax) throw tooMany("names", namesMax);
    const lock = new NamedLock(name);
    this.#locks.set(name, lock);
    return lock;
  }

  #forgetIdle(lock: NamedLock): void {
    if (lock.idle) this.#locks.delete(lock.name);
  }
}
