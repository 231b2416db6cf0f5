import type { LockMode } from "./lock-manager.ts";
import type { NamedLock } from "./named-lock.ts";

/** A moment of a lock manager. Instants are in milliseconds since the epoch. */
export interface LockTable {
  readonly locks: readonly LockState[];
  /** Locks that are held, counted per owner. */
  readonly held: number;
  readonly waiting: number;
}

/** One name that is held or wanted. */
export interface LockState {
  readonly name: string;
  readonly holders: readonly LockHolder[];
  /** In the order in which they are served. */
  readonly waiters: readonly LockWaiter[];
}

/** An owner that holds a lock. */
export interface LockHolder {
  readonly owner: string;
  readonly mode: LockMode;
  readonly since: number;
  readonly fencingToken: number;
}

/** An owner that waits for a lock. */
export interface LockWaiter {
  readonly owner: string;
  readonly mode: LockMode;
  readonly since: number;
  /** True when the owner holds the lock in the weaker mode. */
  readonly upgrade: boolean;
  readonly waitsFor: readonly string[];
}

/** @internal */
export function lockTableOf(locks: Iterable<NamedLock>): LockTable {
  const states = [...locks].map(stateOf);
  return {
    locks: states,
    held: states.reduce((sum, { holders }) => sum + holders.length, 0),
    waiting: states.reduce((sum, { waiters }) => sum + waiters.length, 0),
  };
}

function stateOf(lock: NamedLock): LockState {
  return {
    name: lock.name,
    holders: [...lock.holders].map(([owner, { exclusive, since, token }]) => ({
      owner: owner.id,
      mode: exclusive > 0 ? "exclusive" : "shared",
      since,
      fencingToken: token,
    })),
    waiters: [...lock.waiting()].map((request) => ({
      owner: request.owner.id,
      mode: request.mode,
      since: request.since,
      upgrade: lock.holders.has(request.owner),
      waitsFor: lock.ownersBefore(request),
    })),
  };
}
