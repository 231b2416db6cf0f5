import type { LockHandle, LockMode, LockOwner, LockWaitOptions } from "./lock-manager.ts";
import type { LockRequest, Owner } from "./lock-request.ts";
import type { NamedLock } from "./named-lock.ts";

/** Names that are remembered from one attempt to the next. */
const askedMax = 1_000;

/** What is asked for in one call. @internal */
export interface LockWish {
  readonly name: string;
  readonly mode: LockMode;
  readonly options: LockWaitOptions;
}

/** What a unit of work has asked for so far, in the strongest mode. @internal */
export type AskedLocks = Map<string, LockMode>;

/** What a unit of work is, whatever its attempts. @internal */
export interface UnitOfWork {
  readonly age: number;
  readonly asked: AskedLocks;
  readonly acquire: (owner: OwnerNode, wish: LockWish) => Promise<LockHandle>;
}

/** One attempt of one unit of work. @internal */
export class OwnerNode implements Owner {
  readonly id: string;
  readonly age: number;
  readonly held: Set<NamedLock> = new Set();
  readonly waiting: Set<LockRequest> = new Set();
  /** The errors by which this owner learned that it is a victim. */
  readonly refusals: WeakSet<Error> = new WeakSet();
  readonly asked: AskedLocks;
  /** Locks of earlier attempts that this one took before its body began. */
  readonly reserved: Map<NamedLock, LockMode> = new Map();
  /** What the body is given. */
  readonly face: LockOwner;
  ended = false;

  constructor(work: UnitOfWork, attempt: number) {
    this.id = `owner${work.age}`;
    this.age = work.age;
    this.asked = work.asked;
    this.face = Object.freeze({
      id: this.id,
      attempt,
      lock: (name: string, mode: LockMode, options: LockWaitOptions = {}) =>
        work.acquire(this, { name, mode, options }),
    });
  }

  /** Remembers a wish, so that the next attempt can begin with it. */
  note(name: string, mode: LockMode): void {
    const known = this.asked.has(name);
    if (known ? mode === "exclusive" : this.asked.size < askedMax) this.asked.set(name, mode);
  }
}
