import type { AtlasError } from "@atlas/errors";
import type { WriterLease } from "@atlas/storage";
import { transactionError } from "./errors.ts";
import type { TransactionEvent } from "./events.ts";
import type { Member } from "./member.ts";
import type { SyncPolicy } from "./sync-policy.ts";

/** What the stage tells the lane. @internal */
export interface SyncStageOptions {
  readonly lease: WriterLease;
  readonly policy: SyncPolicy;
  readonly now: () => number;
  /** `now` is the time, which many members share. */
  readonly onDurable: (member: Member, now: number) => void;
  readonly onFailed: (member: Member, error: AtlasError) => void;
  /** After every sync on the other thread, failed or not. */
  readonly onSynced: () => void;
  readonly onEvent: ((event: TransactionEvent) => void) | undefined;
}

/**
 * Holds committed transactions back until their commit is on stable storage.
 *
 * Invariant: a member is acknowledged only by a sync that began after its
 * COMMIT returned. One sync is in flight at a time; what commits meanwhile is
 * covered by the next. A failed sync fails everything that was committed and
 * not yet acknowledged: after a failure the operating system may drop dirty
 * pages, so a later success proves nothing about earlier commits.
 *
 * @internal
 */
export class SyncStage {
  readonly #options: SyncStageOptions;
  #pending: Member[] = [];
  #since = 0;
  #drained: Promise<void> | undefined;
  #failed = false;
  #lastCount = 0;
  #syncs = 0;

  constructor(options: SyncStageOptions) {
    this.#options = options;
  }

  /** True from a failed sync until `reset`. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Members acknowledged by the latest sync. */
  get lastCount(): number {
    return this.#lastCount;
  }

  get syncs(): number {
    return this.#syncs;
  }

  /** For how long the sync in flight has run, or undefined. */
  get runningMs(): number | undefined {
    return this.#drained === undefined ? undefined : this.#options.now() - this.#since;
  }

  /** Takes over members whose COMMIT has returned; `alone` when nobody else waits. */
  settle(members: readonly Member[], alone: boolean): void {
    const { policy, onDurable, now } = this.#options;
    const durable = members.filter((member) => member.durable);
    if (durable.length < members.length) {
      const committedAt = now();
      for (const member of members) if (!member.durable) onDurable(member, committedAt);
    }
    if (durable.length === 0) return;
    if (alone && durable.length === 1 && this.#drained === undefined && policy.blockingPays()) {
      this.#syncBlocking(durable);
      return;
    }
    this.#pending.push(...durable);
    this.#drained ??= this.#drain();
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    await this.#drained;
  }

  /** To be called when the file was opened again and checked. */
  reset(): void {
    this.#failed = false;
  }

  async #drain(): Promise<void> {
    const { lease, now, onSynced, policy } = this.#options;
    while (this.#pending.length > 0) {
      const members = this.#pending;
      this.#pending = [];
      this.#since = now();
      policy.recordSyncStart();
      try {
        await lease.syncLog();
        this.#succeed(members, false);
      } catch (error) {
        this.#fail(members, error);
      }
      if (this.#pending.length === 0) this.#drained = undefined;
      onSynced();
    }
  }

  #syncBlocking(members: readonly Member[]): void {
    const { now, policy } = this.#options;
    this.#since = now();
    policy.recordSyncStart();
    try {
      this.#options.lease.syncLogBlocking();
    } catch (error) {
      this.#fail(members, error);
      return;
    }
    this.#succeed(members, true);
  }

  #succeed(members: readonly Member[], blocking: boolean): void {
    const { policy, now, onEvent, onDurable } = this.#options;
    const durableAt = now();
    const durationMs = durableAt - this.#since;
    policy.recordSync(durationMs);
    this.#lastCount = members.length;
    this.#syncs += 1;
    onEvent?.({ type: "transaction.sync", durationMs, members: members.length, blocking });
    for (const member of members) onDurable(member, durableAt);
  }

  #fail(members: readonly Member[], cause: unknown): void {
    this.#failed = true;
    const lost = [...members, ...this.#pending];
    this.#pending = [];
    this.#options.onEvent?.({ type: "transaction.sync_failed", error: cause });
    for (const member of lost)
      this.#options.onFailed(
        member,
        transactionError(
          "transaction.outcome_unknown",
          "The change was committed, but the device did not confirm that it is stored. " +
            "Read the data before repeating the change.",
          { cause, txState: "unknown" },
        ),
      );
  }
}
