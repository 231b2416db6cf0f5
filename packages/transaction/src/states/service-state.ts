import type { StoredValue } from "./canonical-json.ts";

/** What one service needs of another. */
export interface ServiceDependency<State extends string = string> {
  /** The id of the other service. */
  readonly service: string;
  /** States of the other service that will do. */
  readonly requires: readonly State[];
  /** States of this service in which it matters. Default: all but the initial one. */
  readonly whileIn?: readonly State[];
  /**
   * Where this service goes when a transition that takes dependents along would
   * break the requirement. Default: such a transition is refused.
   */
  readonly fallback?: State;
}

/** The state of one service, in one version. */
export interface AtomicServiceState<State extends string = string> {
  readonly id: string;
  /** From 1; grows by one with each change. */
  readonly version: number;
  readonly state: State;
  readonly dependencies: readonly ServiceDependency<State>[];
  readonly data: StoredValue;
  /** SHA-256, in hexadecimal, over the canonical JSON of all other fields. */
  readonly checksum: string;
  /** In milliseconds since the epoch. */
  readonly lastModified: number;
}

/** One change of a service. */
export interface StateChange<State extends string = string> {
  /** Grows with every change of any service. */
  readonly number: number;
  readonly id: string;
  readonly version: number;
  /** Null for the first. */
  readonly from: State | null;
  /** Null when the service was removed. */
  readonly to: State | null;
  readonly at: number;
  /** Why, as the caller or the manager says. */
  readonly reason: string;
  readonly checksum: string;
}

/** All services at one moment. Plain data: it may be kept as JSON anywhere. */
export interface StateSnapshot<State extends string = string> {
  readonly takenAt: number;
  readonly services: readonly AtomicServiceState<State>[];
  /** Over `takenAt` and `services`. */
  readonly checksum: string;
}

/** What `verify` found. Ids of services, each in order. */
export interface StateReport {
  readonly checked: number;
  /** Content that does not fit its checksum, or its history. */
  readonly tampered: readonly string[];
  /** States that are not declared. */
  readonly unknown: readonly string[];
  /** Services in a state whose requirements are not met. */
  readonly unmet: readonly string[];
}
