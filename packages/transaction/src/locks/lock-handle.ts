import type { AtlasError } from "@atlas/errors";
import { lockReleased } from "./lock-errors.ts";
import type { LockHandle, LockMode, LockWaitOptions } from "./lock-manager.ts";
import type { LockRequest } from "./lock-request.ts";
import type { NamedLock } from "./named-lock.ts";
import type { OwnerNode } from "./lock-owner.ts";

/** What a handle may ask of its manager. @internal */
export interface LockService {
  /** Resolves when the handle has been told that it is exclusive. */
  convert(handle: HeldLock, options: LockWaitOptions): Promise<void>;
  /** Grants what a change of the lock has made possible. */
  changed(lock: NamedLock): void;
  withdraw(request: LockRequest, error: AtlasError): void;
}

/** What was granted, to whom, under which token. @internal */
export interface Grant {
  readonly owner: OwnerNode;
  readonly lock: NamedLock;
  readonly mode: LockMode;
  readonly token: number;
}

/** @internal */
export class HeldLock implements LockHandle {
  readonly owner: OwnerNode;
  readonly lock: NamedLock;
  readonly #service: LockService;
  #mode: LockMode;
  #token: number;
  #released = false;
  /** The one conversion that may be under way. */
  #conversion: Promise<void> | undefined;

  constructor(grant: Grant, service: LockService) {
    this.owner = grant.owner;
    this.lock = grant.lock;
    this.#mode = grant.mode;
    this.#token = grant.token;
    this.#service = service;
  }

  get name(): string {
    return this.lock.name;
  }
  get mode(): LockMode {
    return this.#mode;
  }
  get fencingToken(): number {
    return this.#token;
  }

  async upgrade(options: LockWaitOptions = {}): Promise<void> {
    this.#assertHeld();
    if (this.#mode === "exclusive") return;
    this.#conversion ??= this.#service.convert(this, options);
    try {
      await this.#conversion;
    } finally {
      this.#conversion = undefined;
    }
  }

  /** Called in the moment of the grant: a release right after it must give back the right mode. */
  converted(token: number): void {
    this.#token = token;
    this.#mode = "exclusive";
  }

  downgrade(): void {
    this.#assertHeld();
    if (this.#mode === "shared") return;
    this.#mode = "shared";
    this.#unreserve();
    this.lock.downgrade(this.owner);
    this.#service.changed(this.lock);
  }

  release(): void {
    // With the owner ended everything it held, and more, is gone already.
    if (this.#released || this.owner.ended) return;
    this.#released = true;
    for (const request of this.owner.waiting)
      if (request.converts === this) this.#service.withdraw(request, lockReleased(this.name));
    this.#unreserve();
    this.lock.release(this.owner, this.#mode);
    this.#service.changed(this.lock);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  /** A lock that was only taken early must not outlast the wish that it was taken for. */
  #unreserve(): void {
    const mode = this.owner.reserved.get(this.lock);
    if (mode === undefined) return;
    this.owner.reserved.delete(this.lock);
    this.lock.release(this.owner, mode);
  }

  #assertHeld(): void {
    if (this.#released || this.owner.ended) throw lockReleased(this.name);
  }
}
