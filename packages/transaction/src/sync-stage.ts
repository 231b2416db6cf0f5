import type { AtlasError } from "@atlas/errors";
import type { SyncLane, WriterLease } from "@atlas/storage";
import type { TransactionEvent } from "./events.ts";
import { outcomeUnknown } from "./lane-errors.ts";
import type { Member } from "./member.ts";
import type { SyncInFlight } from "./overlap-meter.ts";
import type { SyncPolicy } from "./sync-policy.ts";

/** What the stage tells the lane. @internal */
export interface SyncStageOptions {
  readonly lease: WriterLease;
  readonly policy: SyncPolicy;
  readonly now: () => number;
  /** `now` is the time, which many members share. */
  readonly onDurable: (member: Member, now: number) => void;
  readonly onFailed: (member: Member, error: AtlasError) => void;
  /** When members were told after syncs on another thread, failed or not. */
  readonly onSynced: () => void;
  readonly onEvent: ((event: TransactionEvent) => void) | undefined;
}

/** A sync on another thread, with the members it covers. */
interface Flight {
  readonly lane: SyncLane;
  readonly members: readonly Member[];
  readonly sync: SyncInFlight;
  /** Absent until it has ended. */
  outcome: Outcome | undefined;
}

/** How a sync ended: an error, whatever it is, means that it failed. */
interface Outcome {
  readonly error?: unknown;
}

const succeeded: Outcome = {};

const lanes: readonly SyncLane[] = [0, 1];

/**
 * Holds committed transactions back until their commit is on stable storage.
 *
 * Invariants:
 * 1. A member is acknowledged only by a sync that began after its COMMIT
 *    returned.
 * 2. Members are told in the order of their commits, also when a later sync
 *    ends before an earlier one.
 * 3. A failed sync fails everything that was committed and not yet
 *    acknowledged: after a failure the operating system may drop dirty pages,
 *    so a later success proves nothing about earlier commits.
 *
 * At most two syncs are in flight, the second only where the device works on
 * both at once. What commits beyond that is covered by the next.
 *
 * @internal
 */
export class SyncStage {
  readonly #options: SyncStageOptions;
  #pending: Member[] = [];
  /** Oldest first. */
  #flights: readonly Flight[] = [];
  #whenIdle: PromiseWithResolvers<void> | undefined;
  #failure: { readonly cause: unknown } | undefined;
  #lastCount = 0;
  #endedAt = Number.NEGATIVE_INFINITY;
  #syncs = 0;

  constructor(options: SyncStageOptions) {
    this.#options = options;
  }

  /** True from a failed sync until `reset`. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Members acknowledged by the latest sync. */
  get lastCount(): number {
    return this.#lastCount;
  }

  /** When the latest sync on another thread was noticed to have ended. */
  get endedAt(): number {
    return this.#endedAt;
  }

  get syncs(): number {
    return this.#syncs;
  }

  /** True while nothing is in flight. */
  get idle(): boolean {
    return this.#flights.length === 0;
  }

  /**
   * For how long whoever commits now has been waiting for a sync to end before its own
   * can begin, or undefined when that can begin at once.
   */
  get runningMs(): number | undefined {
    const oldest = this.#flights[0];
    if (oldest === undefined || this.#hasRoom()) return undefined;
    return this.#options.now() - oldest.sync.begunAt;
  }

  /** Takes over members whose COMMIT returned `at`; `alone` when nobody else waits. */
  settle(members: readonly Member[], at: number, alone: boolean): void {
    const { policy, onDurable } = this.#options;
    const durable = members.filter((member) => member.durable);
    if (durable.length < members.length)
      for (const member of members) if (!member.durable) onDurable(member, at);
    if (durable.length === 0) return;
    if (alone && durable.length === 1 && this.idle && policy.blockingPays()) {
      this.#syncBlocking(durable, at);
      return;
    }
    this.#pending.push(...durable);
    this.#launch();
  }

  /** Resolves when nothing is in flight. */
  async whenIdle(): Promise<void> {
    if (this.idle) return;
    this.#whenIdle ??= Promise.withResolvers();
    await this.#whenIdle.promise;
  }

  /** To be called when the file was opened again and checked. */
  reset(): void {
    this.#failure = undefined;
  }

  #hasRoom(): boolean {
    const running = this.#flights.length;
    return running === 0 || (running < lanes.length && this.#options.policy.overlapPays());
  }

  #launch(): void {
    if (this.#pending.length === 0 || !this.#hasRoom()) return;
    const { lease, now, policy } = this.#options;
    const used = this.#flights.map(({ lane }) => lane);
    const flight: Flight = {
      lane: lanes.find((lane) => !used.includes(lane)) ?? 0,
      members: this.#pending,
      sync: policy.syncBegins(now()),
      outcome: undefined,
    };
    this.#pending = [];
    this.#flights = [...this.#flights, flight];
    void lease.syncLog(flight.lane).then(
      () => this.#end(flight, succeeded),
      (error: unknown) => this.#end(flight, { error }),
    );
  }

  #end(flight: Flight, outcome: Outcome): void {
    const { now, policy, onSynced } = this.#options;
    flight.outcome = outcome;
    this.#endedAt = now();
    policy.syncEnds(flight.sync, this.#endedAt);
    if (this.#flights[0] !== flight) return;
    while (this.#flights[0]?.outcome !== undefined) {
      const { outcome: ended, ...oldest } = this.#flights[0];
      this.#flights = this.#flights.slice(1);
      this.#tell(oldest, ended);
    }
    this.#launch();
    if (this.idle) this.#becomeIdle();
    onSynced();
  }

  #tell({ members, sync }: Omit<Flight, "outcome">, outcome: Outcome): void {
    if ("error" in outcome) this.#fail(members, outcome.error);
    else if (this.#failure !== undefined) this.#fail(members, this.#failure.cause);
    else
      this.#succeed(members, {
        begunAt: sync.begunAt,
        durableAt: this.#options.now(),
        blocking: false,
      });
  }

  #becomeIdle(): void {
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #syncBlocking(members: readonly Member[], begunAt: number): void {
    const { lease, now, policy } = this.#options;
    const sync = policy.syncBegins(begunAt);
    let outcome: Outcome = succeeded;
    try {
      lease.syncLogBlocking();
    } catch (error) {
      outcome = { error };
    }
    const endedAt = now();
    policy.syncEnds(sync, endedAt);
    if ("error" in outcome) this.#fail(members, outcome.error);
    else this.#succeed(members, { begunAt, durableAt: endedAt, blocking: true });
  }

  #succeed(
    members: readonly Member[],
    { begunAt, durableAt, blocking }: { begunAt: number; durableAt: number; blocking: boolean },
  ): void {
    const { onEvent, onDurable } = this.#options;
    this.#lastCount = members.length;
    this.#syncs += 1;
    const durationMs = durableAt - begunAt;
    onEvent?.({ type: "transaction.sync", durationMs, members: members.length, blocking });
    for (const member of members) onDurable(member, durableAt);
  }

  #fail(members: readonly Member[], cause: unknown): void {
    const { onEvent, onFailed } = this.#options;
    const lost = [...members, ...this.#pending];
    this.#pending = [];
    if (this.#failure === undefined) onEvent?.({ type: "transaction.sync_failed", error: cause });
    this.#failure ??= { cause };
    for (const member of lost) onFailed(member, outcomeUnknown(cause));
  }
}
