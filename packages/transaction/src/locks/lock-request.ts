import type { AtlasError } from "@atlas/errors";
import type { LockMode } from "./lock-manager.ts";
import type { NamedLock } from "./named-lock.ts";

/** An owner as the lock tables see it. @internal */
export interface Owner {
  readonly id: string;
  /** Order of arrival: smaller is older. A victim keeps it when it begins again. */
  readonly age: number;
  readonly held: Set<NamedLock>;
  readonly waiting: Set<LockRequest>;
}

/** One wish of an owner. @internal */
export interface LockRequest {
  readonly owner: Owner;
  readonly lock: NamedLock;
  readonly mode: LockMode;
  /** Order of arrival of requests. */
  readonly order: number;
  /** The shared lock of its owner that it turns into an exclusive one. */
  readonly converts: { converted(token: number): void } | undefined;
  /** When the wait began, in milliseconds since the epoch. */
  readonly since: number;
  granted(token: number): void;
  refused(error: AtlasError): void;
}
