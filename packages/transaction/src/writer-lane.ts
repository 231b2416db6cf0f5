/**
 * The writer lane: a bounded first-in-first-out queue in front of the one
 * connection that writes, with group commit.
 *
 * Waiting transactions run one after the other inside one database
 * transaction, each in its own savepoint, and share its COMMIT. The commit is
 * made durable by the sync stage while the next group runs. The idea is old
 * (DeWitt et al., "Implementation Techniques for Main Memory Database Systems",
 * SIGMOD 1984); the adaptive gathering follows PostgreSQL's commit_delay and
 * commit_siblings: nobody waits for company that is not expected.
 *
 * Invariants:
 * 1. One group is open at a time, and inside it one member.
 * 2. A member that fails leaves no trace in its group.
 * 3. When the database gives up the whole transaction by itself (a full disk),
 *    every member of the group is told; none is acknowledged.
 * 4. After a failed sync nothing runs until the file was opened again.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import type { WriterLease } from "@atlas/storage";
import { backoffMs } from "./backoff.ts";
import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";
import { createMemberQueue, type MemberQueue } from "./member-queue.ts";
import { runMember } from "./run-member.ts";
import { createSyncPolicy, type SyncPolicy } from "./sync-policy.ts";
import { SyncStage } from "./sync-stage.ts";
import type { TransactionStatus } from "./transaction.ts";
import type { ResolvedManagerOptions } from "./transaction-options.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** The event loop gets a turn at least this often, in milliseconds. */
const turnEveryMs = 3;

/** @internal */
export class WriterLane {
  readonly #lease: WriterLease;
  readonly #options: ResolvedManagerOptions;
  readonly #now: () => number;
  readonly #queue: MemberQueue;
  readonly #policy: SyncPolicy;
  readonly #stage: SyncStage;
  readonly #watchdog: Watchdog;
  #pump: Promise<void> | undefined;
  #running: Member | undefined;
  #gathered: (() => void) | undefined;
  #lastTurnAt = 0;
  #companyExpected = false;
  #mustReopen = false;
  #committing = 0;
  #committed = 0;
  #rolledBack = 0;
  #groups = 0;

  constructor(lease: WriterLease, options: ResolvedManagerOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#now = options.monotonicClock;
    this.#queue = createMemberQueue(options.queueLengthMax);
    this.#policy = createSyncPolicy(options.blockingSyncMaxMs);
    this.#watchdog = createWatchdog(() => this.#expire());
    this.#stage = new SyncStage({
      lease,
      policy: this.#policy,
      now: options.monotonicClock,
      onDurable: (member) => this.#acknowledge(member),
      onFailed: (member, error) => {
        this.#committing -= 1;
        this.#fail(member, error);
      },
      onSynced: () => {
        this.#companyExpected = this.#stage.lastCount > 1;
        this.#gathered?.();
      },
      onEvent: options.onEvent,
    });
  }

  /** Queues a member. It is told of its end through `resolve` or `reject`. */
  submit(member: Member): void {
    this.#queue.push(member);
    this.#watchdog.watch(Math.min(member.waitDeadline - this.#now(), member.holdTimeoutMs));
    if (this.#gathered !== undefined && this.#groupIsReady()) this.#gathered();
    this.#pump ??= this.#runGroups();
  }

  /** Ends a member early: it leaves the queue, or its body is undone. */
  cancel(member: Member, error: AtlasError): void {
    if (this.#queue.remove(member)) {
      this.#fail(member, error);
    } else if (member === this.#running) {
      member.frame.close(error);
      member.interrupt?.(error);
    }
  }

  status(): TransactionStatus {
    return {
      queued: this.#queue.length,
      active: this.#committing + (this.#running === undefined ? 0 : 1),
      committed: this.#committed,
      rolledBack: this.#rolledBack,
      groups: this.#groups,
      syncs: this.#stage.syncs,
    };
  }

  /** Resolves when everything submitted so far has ended. */
  async drain(): Promise<void> {
    while (this.#pump !== undefined || this.#stage.runningMs !== undefined) {
      await this.#pump;
      await this.#stage.idle();
    }
    this.#watchdog.stop();
  }

  async #runGroups(): Promise<void> {
    // Callers that submit in the same tick belong in the first group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      try {
        if (this.#stage.failed || this.#mustReopen) await this.#reopen();
        await this.#gather();
        if (await this.#begin()) await this.#runGroup();
      } catch (error) {
        for (const member of this.#queue.takeAll()) this.#fail(member, error);
      }
      await this.#yieldTurn();
    }
    this.#pump = undefined;
  }

  /**
   * Waits while waiting costs nothing: as long as a sync is in flight nobody
   * new can be acknowledged, so the group may as well grow. After a sync that
   * freed several callers it waits one turn of the loop for them to return.
   */
  async #gather(): Promise<void> {
    while (!this.#groupIsReady()) {
      await new Promise<void>((resolve) => {
        this.#gathered = resolve;
      });
      this.#gathered = undefined;
    }
    if (!this.#companyExpected) return;
    this.#companyExpected = false;
    await nextTurn();
    this.#lastTurnAt = this.#now();
  }

  #groupIsReady(): boolean {
    const runningMs = this.#stage.runningMs;
    return (
      runningMs === undefined ||
      this.#queue.length >= this.#options.groupMembersMax ||
      this.#policy.startsNow(this.#queue.length, runningMs)
    );
  }

  /** Takes the write lock, waiting for other processes without blocking the loop. */
  async #begin(): Promise<boolean> {
    const since = this.#now();
    for (let attempt = 0; this.#queue.length > 0; attempt += 1) {
      if (await this.#lease.writer.tryBegin()) {
        if (attempt > 0)
          this.#options.onEvent?.({
            type: "transaction.wait",
            waitedMs: this.#now() - since,
            attempts: attempt,
          });
        return true;
      }
      await sleep(backoffMs(attempt, this.#options.random));
      this.#lastTurnAt = this.#now();
      this.#expire();
    }
    return false;
  }

  async #runGroup(): Promise<void> {
    const { writer } = this.#lease;
    const since = this.#now();
    const members: Member[] = [];
    try {
      const run = await this.#runMembers(members, since);
      this.#policy.recordGroup(run, this.#now() - since);
      if (!writer.inTransaction) this.#abortGroup(members);
      else if (members.length === 0) await writer.rollback();
      else await this.#commit(members, since);
    } catch (error) {
      // The connection no longer does what it is told: only a new one can be trusted.
      this.#mustReopen = true;
      this.#abortGroup(members);
      throw error;
    }
  }

  /** Fills `members` with those that succeeded and answers how many ran. */
  async #runMembers(members: Member[], since: number): Promise<number> {
    const { groupMembersMax, groupTimeMaxMs, onEvent } = this.#options;
    let run = 0;
    for (let now = since; run < groupMembersMax && now - since < groupTimeMaxMs; run += 1) {
      const member = this.#queue.shift();
      if (member === undefined) break;
      const { id } = member.frame;
      onEvent?.({ type: "transaction.begin", id, waitedMs: now - member.enqueuedAt });
      member.startedAt = now;
      this.#running = member;
      try {
        const running = runMember(this.#lease.writer, member, members.length === 0);
        const succeeded = typeof running === "boolean" ? running : await running;
        if (succeeded) members.push(member);
        else this.#countRollback(member);
      } finally {
        this.#running = undefined;
      }
      if (!this.#lease.writer.inTransaction) return run + 1;
      now = this.#now();
    }
    return run;
  }

  async #commit(members: readonly Member[], since: number): Promise<void> {
    try {
      await this.#lease.writer.commit();
    } catch (error) {
      this.#mustReopen = !isOutOfSpace(error);
      await this.#lease.writer.rollback();
      for (const member of members) this.#fail(member, error);
      return;
    }
    this.#committing += members.length;
    this.#groups += 1;
    this.#options.onEvent?.({
      type: "transaction.group",
      members: members.length,
      durationMs: this.#now() - since,
    });
    this.#stage.settle(members, this.#queue.length === 0);
  }

  /** The database has rolled back everything, the members that had succeeded included. */
  #abortGroup(members: readonly Member[]): void {
    for (const member of members)
      this.#fail(
        member,
        transactionError(
          "transaction.group_aborted",
          "The database rolled back the commit that this transaction was part of, because of " +
            "another transaction in it. Nothing was changed. Try again.",
          { txState: "rolledBack" },
        ),
      );
  }

  #acknowledge(member: Member): void {
    this.#committing -= 1;
    this.#committed += 1;
    const { frame } = member;
    this.#options.onEvent?.({
      type: "transaction.commit",
      id: frame.id,
      durationMs: this.#now() - member.enqueuedAt,
    });
    this.#runHooks(member, frame.commitHooks);
    member.resolve(member.result);
  }

  #fail(member: Member, error: unknown): void {
    member.frame.close();
    this.#countRollback(member);
    member.reject(error);
  }

  #countRollback(member: Member): void {
    this.#rolledBack += 1;
    this.#options.onEvent?.({
      type: "transaction.rollback",
      id: member.frame.id,
      durationMs: this.#now() - member.enqueuedAt,
    });
    this.#runHooks(member, member.frame.takeRollbackHooks());
  }

  #runHooks(member: Member, hooks: readonly (() => void)[]): void {
    for (const hook of hooks) {
      try {
        member.outside(hook);
      } catch (error) {
        this.#options.onEvent?.({ type: "transaction.hook_failed", id: member.frame.id, error });
      }
    }
  }

  async #reopen(): Promise<void> {
    await this.#stage.idle();
    await this.#lease.reopen();
    this.#stage.reset();
    this.#mustReopen = false;
    this.#options.onEvent?.({ type: "transaction.reopened" });
  }

  /** Bodies that only await the database never leave the microtask queue; timers need a turn. */
  async #yieldTurn(): Promise<void> {
    if (this.#now() - this.#lastTurnAt < turnEveryMs) return;
    await nextTurn();
    this.#lastTurnAt = this.#now();
  }

  /** Called now and then: ends whatever has used up its time. */
  #expire(): boolean {
    const now = this.#now();
    for (const member of this.#queue.takeExpired(now))
      this.#fail(member, waitTimeout(now - member.enqueuedAt));
    const running = this.#running;
    if (running !== undefined && now - running.startedAt > running.holdTimeoutMs)
      this.cancel(running, holdTimeout(running));
    return this.#running !== undefined || this.#queue.length > 0;
  }
}

function isOutOfSpace(error: unknown): boolean {
  return AtlasError.is(error) && error.code === "storage.disk_full";
}

function waitTimeout(waitedMs: number): AtlasError {
  return transactionError(
    "transaction.timeout",
    `The writer was not free within ${Math.round(waitedMs)} ms, so the transaction was not ` +
      "started. Try again, or allow more time with `waitTimeoutMs`.",
    { txState: "none" },
  );
}

function holdTimeout(member: Member): AtlasError {
  return transactionError(
    "transaction.timeout",
    `The body of transaction ${member.frame.id} kept the writer for more than ` +
      `${member.holdTimeoutMs} ms, so it was rolled back. Do slow work before the transaction, ` +
      "or allow more time with `holdTimeoutMs`.",
    { txState: "rolledBack", retryable: false },
  );
}
