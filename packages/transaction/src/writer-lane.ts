/**
 * The writer lane: a bounded queue, fair within and between its priorities, in
 * front of the one connection that writes, with group commit.
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
 * 5. A member with participants is told of its commit when they are done, in
 *    the order of the commits; so it always waits for its sync.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AtlasError } from "@atlas/errors";
import type { Answer, WriterLease } from "@atlas/storage";
import { backoffMs } from "./backoff.ts";
import type { Group } from "./group.ts";
import {
  groupAborted,
  holdTimeout,
  isOutcomeKnown,
  outcomeUnknown,
  waitTimeout,
} from "./lane-errors.ts";
import { LaneStatistics } from "./lane-statistics.ts";
import { LoopTurns } from "./loop-turns.ts";
import type { Member } from "./member.ts";
import { MemberEndings } from "./member-endings.ts";
import { createMemberQueue, type MemberQueue } from "./member-queue.ts";
import { runMember } from "./run-member.ts";
import { createSyncPolicy, type SyncPolicy } from "./sync-policy.ts";
import { SyncStage } from "./sync-stage.ts";
import type { TransactionStatus } from "./transaction-status.ts";
import type { ResolvedManagerOptions } from "./transaction-options.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** @internal */
export type LaneCounts = Omit<TransactionStatus, "transactions">;

/** @internal */
export interface LaneMembers {
  readonly running: Member | undefined;
  readonly committing: readonly Member[];
  readonly waiting: Iterable<Member>;
}

/** @internal */
export class WriterLane {
  readonly #lease: WriterLease;
  readonly #options: ResolvedManagerOptions;
  readonly #now: () => number;
  readonly #queue: MemberQueue;
  readonly #policy: SyncPolicy;
  readonly #stage: SyncStage;
  readonly #watchdog: Watchdog;
  readonly #turns: LoopTurns;
  #pump: Promise<void> | undefined;
  #running: Member | undefined;
  #gathered: (() => void) | undefined;
  #companyExpected = false;
  #mustReopen = false;
  #groups = 0;
  readonly statistics: LaneStatistics;
  readonly #endings: MemberEndings;

  constructor(lease: WriterLease, options: ResolvedManagerOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#now = options.monotonicClock;
    this.statistics = new LaneStatistics(options.monotonicClock());
    this.#endings = new MemberEndings(options, this.statistics);
    this.#queue = createMemberQueue(options.queueLengthMax);
    this.#policy = createSyncPolicy(options.blockingSyncMaxMs);
    this.#turns = new LoopTurns(options.monotonicClock);
    this.#watchdog = createWatchdog(() => this.#expire());
    this.#stage = new SyncStage({
      lease,
      policy: this.#policy,
      now: options.monotonicClock,
      onDurable: (member, now) => this.#endings.acknowledge(member, now),
      onFailed: (member, error) => this.#endings.lose(member, error),
      onSynced: () => {
        this.#companyExpected = this.#stage.lastCount > 1;
        this.#gathered?.();
      },
      onEvent: options.onEvent,
    });
  }

  /** Queues a member. It is told of its end through `resolve` or `reject`. */
  submit(member: Member): void {
    try {
      this.#queue.push(member);
    } catch (error) {
      this.statistics.refused += 1;
      throw error;
    }
    this.#watchdog.watch(Math.min(member.waitTimeoutMs, member.holdTimeoutMs));
    if (this.#gathered !== undefined && this.#groupIsReady()) this.#gathered();
    this.#pump ??= this.#runGroups();
  }

  /** Ends a member early: it leaves the queue, or its body is undone. */
  cancel(member: Member, error: AtlasError): void {
    if (this.#queue.remove(member)) {
      this.#endings.fail(member, error);
    } else if (member === this.#running) {
      member.frame.close(error);
      member.interrupt?.(error);
    }
  }

  counts(): LaneCounts {
    return {
      queued: this.#queue.length,
      active: this.#endings.committing + (this.#running === undefined ? 0 : 1),
      committed: this.statistics.committed,
      rolledBack: this.statistics.rolledBack,
      groups: this.#groups,
      syncs: this.#stage.syncs,
    };
  }

  /** Every member that has not been told of its end. */
  members(): LaneMembers {
    return {
      running: this.#running,
      committing: this.#endings.members(),
      waiting: this.#queue,
    };
  }

  /** Resolves when everything submitted so far has ended. */
  async drain(): Promise<void> {
    while (this.#pump !== undefined || !this.#stage.idle || this.#endings.underWay) {
      await this.#pump;
      await this.#stage.whenIdle();
      await this.#endings.idle();
    }
    this.#watchdog.stop();
  }

  /**
   * Waits only for what really has to be waited for: with an embedded driver and
   * a lone caller there is nothing, and each promise would be a noticeable part
   * of the transaction.
   */
  async #runGroups(): Promise<void> {
    // Callers that submit in the same tick belong in the first group.
    await undefined;
    while (this.#queue.length > 0) {
      try {
        if (this.#stage.failed || this.#mustReopen || this.#lease.reopenRequired())
          await this.#reopen();
        if (this.#companyExpected || !this.#groupIsReady()) await this.#gather();
        const begun = this.#begin();
        if (begun === true || (await begun)) await this.#runGroup();
      } catch (error) {
        for (const member of this.#queue.takeAll()) this.#endings.fail(member, error);
      }
      if (this.#turns.dueBetweenGroups()) await this.#turns.give();
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
    await this.#turns.giveAfterTelling(this.#stage.endedAt);
  }

  #groupIsReady(): boolean {
    const runningMs = this.#stage.runningMs;
    const waiting = this.#queue.length;
    return (
      runningMs === undefined ||
      waiting >= this.#options.groupMembersMax ||
      this.#policy.startsNow(waiting, waiting + this.#endings.committing, runningMs)
    );
  }

  /** Takes the write lock; false when everybody who wanted it has given up. */
  #begin(): Answer<boolean> {
    if (this.#queue.length === 0) return false;
    const first = this.#lease.writer.tryBegin();
    return first === true ? true : this.#beginWhenFree(first);
  }

  /** Waits for other processes without blocking the loop. */
  async #beginWhenFree(first: Answer<boolean>): Promise<boolean> {
    if (await first) return true;
    const since = this.#now();
    for (let attempt = 0; ; attempt += 1) {
      await sleep(backoffMs(attempt, this.#options.random));
      this.#turns.had();
      this.#expire();
      if (this.#queue.length === 0) return false;
      if (!(await this.#lease.writer.tryBegin())) continue;
      this.#options.onEvent?.({
        type: "transaction.wait",
        waitedMs: this.#now() - since,
        attempts: attempt + 1,
      });
      return true;
    }
  }

  async #runGroup(): Promise<void> {
    const { writer } = this.#lease;
    const startedAt = this.#now();
    const group: Group = {
      members: [],
      startedAt,
      ranAt: startedAt,
      size: this.#policy.groupSize(this.#queue.length + this.#endings.committing),
      run: 0,
    };
    try {
      for (let wait = this.#runMembers(group); wait !== undefined; wait = this.#runMembers(group))
        await wait;
      if (group.run > 0) this.#policy.recordGroup(group.run, group.ranAt - startedAt);
      if (!writer.inTransaction) {
        this.#abortGroup(group.members);
      } else if (group.members.length === 0) {
        await writer.rollback();
      } else {
        const committed = this.#commit(group.members);
        if (committed === true || (await committed)) this.#settle(group);
      }
    } catch (error) {
      // The connection no longer does what it is told: only a new one can be trusted.
      this.#mustReopen = true;
      const running = this.#running;
      this.#running = undefined;
      this.#abortGroup(group.members);
      if (running !== undefined) this.#endings.fail(running, running.failure ?? error);
      throw error;
    }
  }

  /** Runs members until the group is complete, or answers with what has to be waited for. */
  #runMembers(group: Group): Promise<void> | undefined {
    const { groupMembersMax, groupTimeMaxMs, onEvent } = this.#options;
    const { writer } = this.#lease;
    const size = Math.min(group.size, groupMembersMax);
    while (group.run < size && group.ranAt - group.startedAt < groupTimeMaxMs) {
      if (group.run > 0 && this.#turns.dueInGroup(group.ranAt)) return this.#giveTurnIn(group);
      // The database may have given up everything because of the latest member.
      if (group.run > 0 && !writer.inTransaction) return undefined;
      const member = this.#queue.shift();
      if (member === undefined) return undefined;
      const waitedMs = group.ranAt - member.enqueuedAt;
      this.statistics.wait.record(waitedMs);
      onEvent?.({ type: "transaction.begin", id: member.frame.id, waitedMs });
      member.startedAt = group.ranAt;
      this.#running = member;
      group.run += 1;
      const succeeded = runMember(writer, member, group.members.length === 0);
      if (typeof succeeded !== "boolean") return this.#finish(group, member, succeeded);
      this.#ran(group, member, succeeded);
    }
    return undefined;
  }

  async #giveTurnIn(group: Group): Promise<void> {
    await this.#turns.give();
    group.ranAt = this.#now();
  }

  async #finish(group: Group, member: Member, running: Promise<boolean>): Promise<void> {
    this.#ran(group, member, await running);
  }

  #ran(group: Group, member: Member, succeeded: boolean): void {
    this.#running = undefined;
    group.ranAt = this.#now();
    this.statistics.body.record(group.ranAt - member.startedAt);
    if (member.frame.root.enlisted !== undefined) member.durable = true;
    if (succeeded) group.members.push(member);
    else this.#endings.fail(member, member.failure);
  }

  /** False when the database refused, which the members have then been told. */
  #commit(members: readonly Member[]): Answer<boolean> {
    try {
      const committed = this.#lease.writer.commit();
      if (committed === undefined) return true;
      return committed.then(
        () => true,
        (error: unknown) => this.#refused(members, error),
      );
    } catch (error) {
      return this.#refused(members, error);
    }
  }

  /**
   * Tells the members of a COMMIT that failed. An error of the device leaves it open whether
   * the commit is in the log, for whoever opens the file after the end of this process.
   */
  async #refused(members: readonly Member[], error: unknown): Promise<boolean> {
    const isKnown = isOutcomeKnown(error);
    this.#mustReopen = !isKnown;
    try {
      await this.#lease.writer.rollback();
    } finally {
      if (!isKnown) this.#endings.expect(members);
      for (const member of members)
        if (isKnown) this.#endings.fail(member, error);
        else this.#endings.lose(member, outcomeUnknown(error));
    }
    return false;
  }

  /** Hands over what was committed, to be made durable. */
  #settle({ members, startedAt, ranAt }: Group): void {
    const now = this.#now();
    this.#policy.recordCommit(now - ranAt);
    this.#endings.expect(members);
    this.#groups += 1;
    this.#options.onEvent?.({
      type: "transaction.group",
      members: members.length,
      durationMs: now - startedAt,
    });
    this.#stage.settle(members, now, this.#queue.length === 0);
  }

  /** The database has rolled back everything, the members that had succeeded included. */
  #abortGroup(members: readonly Member[]): void {
    for (const member of members) if (!member.ended) this.#endings.fail(member, groupAborted());
  }

  async #reopen(): Promise<void> {
    await this.#stage.whenIdle();
    await this.#lease.reopen();
    this.#stage.reset();
    this.#mustReopen = false;
    this.#options.onEvent?.({ type: "transaction.reopened" });
  }

  /** Called now and then: ends whatever has used up its time. */
  #expire(): boolean {
    const now = this.#now();
    for (const member of this.#queue.takeExpired(now))
      this.#endings.fail(member, waitTimeout(now - member.enqueuedAt));
    const running = this.#running;
    if (running !== undefined && now - running.startedAt > running.holdTimeoutMs)
      this.cancel(running, holdTimeout(running.frame.id, running.holdTimeoutMs));
    return this.#running !== undefined || this.#queue.length > 0;
  }
}
