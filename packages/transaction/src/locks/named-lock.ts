/**
 * The state of one name: who holds it and who waits, without promises or time.
 *
 * `blockersOf` alone decides: a request is granted when it is empty, and the
 * wait-for graph has exactly its edges. So the graph cannot disagree with what
 * really keeps a request waiting.
 *
 * Invariants:
 * 1. An exclusive holder is the only holder.
 * 2. A request waits for holders that exclude it and for earlier requests that
 *    exclude it, never for its own owner. Nothing that arrives later makes it
 *    wait, except an owner that holds the lock already: letting that one wait
 *    behind a request that waits for it would be a deadlock.
 * 3. Hence edges of the graph come into being when a wait begins, and when a
 *    request moves to the front because its owner has got the lock; all of them
 *    touch that owner. A search from it at that moment finds every deadlock.
 */
import type { LockMode } from "./lock-manager.ts";
import type { LockRequest, Owner } from "./lock-request.ts";

/** What one owner holds of one name: how often in each mode. @internal */
export interface Holding {
  shared: number;
  exclusive: number;
  readonly since: number;
  token: number;
}

/** @internal */
export class NamedLock {
  readonly name: string;
  readonly holders: Map<Owner, Holding> = new Map();
  /** Requests of owners that held the lock when they asked, or have got it since. */
  readonly #urgent: Set<LockRequest> = new Set();
  readonly #queue: Set<LockRequest> = new Set();

  constructor(name: string) {
    this.name = name;
  }

  get idle(): boolean {
    return this.holders.size === 0 && this.#urgent.size === 0 && this.#queue.size === 0;
  }

  /** @yields Requests in the order in which they are served. */
  *waiting(): Iterable<LockRequest> {
    yield* this.#urgent;
    yield* this.#queue;
  }

  /** @yields Owners that keep `request` from being granted; one may come twice. */
  *blockersOf(request: LockRequest): Iterable<Owner> {
    const { owner } = request;
    // A shared request is excluded by an exclusive holder only, who is then alone.
    if (request.mode === "exclusive" || this.holders.size === 1)
      for (const [holder, { exclusive }] of this.holders)
        if (holder !== owner && (request.mode === "exclusive" || exclusive > 0)) yield holder;
    const urgent = this.#urgent.has(request) || this.holders.has(owner);
    if (urgent && request.mode === "shared") return;
    // A second request of one owner moves to the front with the first, so it waits for the same.
    if (!urgent)
      for (const other of owner.waiting)
        if (other.lock === this && other.order < request.order)
          return yield* this.blockersOf(other);
    yield* excludersIn(this.#urgent, request);
    if (!urgent) yield* excludersIn(this.#queue, request);
  }

  /** The ids of `blockersOf`, each once. */
  ownersBefore(request: LockRequest): readonly string[] {
    return [...new Set(this.blockersOf(request))].map(({ id }) => id);
  }

  /** False for one that stands in front of the queue. */
  isQueued(request: LockRequest): boolean {
    return this.#queue.has(request);
  }

  isFreeFor(request: LockRequest): boolean {
    for (const _blocker of this.blockersOf(request)) return false;
    return true;
  }

  enqueue(request: LockRequest): void {
    (this.holders.has(request.owner) ? this.#urgent : this.#queue).add(request);
    request.owner.waiting.add(request);
  }

  withdraw(request: LockRequest): void {
    this.#urgent.delete(request);
    this.#queue.delete(request);
    request.owner.waiting.delete(request);
  }

  /** The next request that nothing keeps waiting any more. */
  next(): LockRequest | undefined {
    for (const request of this.#urgent) if (this.isFreeFor(request)) return request;
    for (const request of this.#queue) return this.isFreeFor(request) ? request : undefined;
    return undefined;
  }

  /** Answers whether other requests of the owner have moved to the front. */
  grant(request: LockRequest, { token, since }: { token: number; since: number }): boolean {
    const { owner } = request;
    this.withdraw(request);
    const holding = this.holders.get(owner) ?? { shared: 0, exclusive: 0, since, token };
    if (request.converts !== undefined) holding.shared -= 1;
    holding[request.mode] += 1;
    holding.token = token;
    this.holders.set(owner, holding);
    owner.held.add(this);
    // What this owner still wants of the lock must not wait behind somebody who waits for it.
    let moved = false;
    for (const other of owner.waiting)
      if (this.#queue.delete(other)) {
        this.#urgent.add(other);
        moved = true;
      }
    return moved;
  }

  release(owner: Owner, mode: LockMode): void {
    const holding = this.holders.get(owner);
    if (holding === undefined) return;
    holding[mode] -= 1;
    if (holding.shared + holding.exclusive > 0) return;
    this.holders.delete(owner);
    owner.held.delete(this);
  }

  releaseAll(owner: Owner): void {
    this.holders.delete(owner);
    owner.held.delete(this);
  }

  downgrade(owner: Owner): void {
    const holding = this.holders.get(owner);
    if (holding === undefined) return;
    holding.exclusive -= 1;
    holding.shared += 1;
  }
}

/** @yields Owners of those that stand before `request` and exclude it. */
function* excludersIn(requests: Iterable<LockRequest>, request: LockRequest): Iterable<Owner> {
  for (const earlier of requests) {
    if (earlier === request) return;
    const excludes = earlier.mode === "exclusive" || request.mode === "exclusive";
    if (excludes && earlier.owner !== request.owner) yield earlier.owner;
  }
}
