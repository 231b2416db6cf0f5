import type { Transaction } from "../transaction.ts";
import type { StoredValue } from "./canonical-json.ts";
import type {
  AtomicServiceState,
  ServiceDependency,
  StateChange,
  StateReport,
  StateSnapshot,
} from "./service-state.ts";

/** How a service is added. */
export interface RegisterOptions<State extends string> {
  /** Up to 100. Default: none. */
  readonly dependencies?: readonly ServiceDependency<State>[];
  /** Default: null. */
  readonly data?: StoredValue;
}

/** How a service changes its state. */
export interface TransitionOptions<State extends string> {
  /** Stored with the new state. Default: the data stays. */
  readonly data?: StoredValue;
  /** Writes what belongs to the new state, in the transaction of the transition. */
  readonly apply?: (
    transaction: Transaction,
    next: AtomicServiceState<State>,
  ) => void | Promise<void>;
  /** Refuses when the service has another version by now. Default: any version. */
  readonly version?: number;
  /**
   * What happens to services whose requirements would break: the transition is
   * refused, or they go to their `fallback` first, in the same transaction.
   * Default: "refuse".
   */
  readonly dependents?: "refuse" | "follow";
  /** For the history. Default: "". */
  readonly reason?: string;
}

/** What a transition has done. */
export interface TransitionResult<State extends string> {
  readonly success: true;
  readonly newState: State;
  readonly service: AtomicServiceState<State>;
  /** Dependents that were taken along, in the order of their changes. */
  readonly followed: readonly AtomicServiceState<State>[];
}

/** Which changes are wanted. */
export interface HistoryOptions {
  /** Only those with a smaller number: the next page. */
  readonly before?: number;
  /** 1 to 1,000. Default: 100. */
  readonly limit?: number;
}

/** What a restore has done. */
export interface RestoreResult {
  /** Ids whose state, data or dependencies changed. */
  readonly restored: readonly string[];
  /** Ids that did not exist when the snapshot was taken. */
  readonly removed: readonly string[];
}

/** Keeps the states of services, their rules and their history. */
export interface ServiceStateManager<State extends string> {
  /** Creates the tables when they are missing. Safe in several processes at once. */
  prepare(): Promise<void>;
  /**
   * Adds a service in the initial state. A dependency must exist already, so
   * services never depend on each other in a circle.
   *
   * @throws {AtlasError} transaction.state_conflict when it exists,
   * transaction.state_unknown when a dependency does not.
   */
  register(id: string, options?: RegisterOptions<State>): Promise<AtomicServiceState<State>>;
  /** The service as it is; inside a transaction, as that has made it. */
  get(id: string): Promise<AtomicServiceState<State> | undefined>;
  /** All services by id. */
  list(): Promise<readonly AtomicServiceState<State>[]>;
  /**
   * Changes the state together with the data that belongs to it: state, `data`,
   * everything `apply` writes and the history are one transaction. Requirements
   * of the service are checked before and after `apply`, those of its dependents
   * as `dependents` says.
   *
   * @throws {AtlasError} transaction.state_unknown, transaction.state_conflict when
   * the service is not in `from` or not in the version, transaction.state_illegal
   * for a transition that is not declared, transaction.state_dependency when
   * requirements would not be met, transaction.state_tampered.
   */
  transition(
    id: string,
    from: State,
    to: State,
    options?: TransitionOptions<State>,
  ): Promise<TransitionResult<State>>;
  /** Changes of one service, newest first; the oldest beyond `historyMax` are dropped. */
  history(id: string, options?: HistoryOptions): Promise<readonly StateChange<State>[]>;
  /** Looks at every service and changes nothing. */
  verify(): Promise<StateReport>;
  /** All services at this moment. */
  snapshot(): Promise<StateSnapshot<State>>;
  /**
   * Makes states, data and dependencies what they were, in one transaction; inside
   * another one it belongs to that. Versions go on growing, and the history tells.
   *
   * @throws {AtlasError} transaction.state_tampered when the snapshot was changed,
   * transaction.state_unknown when it holds states that are not declared.
   */
  restore(snapshot: StateSnapshot<State>): Promise<RestoreResult>;
}
