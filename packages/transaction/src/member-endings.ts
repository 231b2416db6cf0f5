import { applyPending } from "./lane-errors.ts";
import type { LaneStatistics } from "./lane-statistics.ts";
import type { Member } from "./member.ts";
import type { UndoneOutcome } from "./participant.ts";
import type { ResolvedManagerOptions } from "./transaction-options.ts";

/**
 * Tells members of their end, each once: first its participants, in one
 * synchronous step, then its hooks, then its caller. A member whose participants
 * wait is told when they are done, and the lane goes on meanwhile.
 *
 * @internal
 */
export class MemberEndings {
  readonly #options: ResolvedManagerOptions;
  readonly #statistics: LaneStatistics;
  /** Groups whose members are not all told yet, oldest first. */
  readonly #groups: (readonly Member[])[] = [];
  /** Participants that are at work after the end of their transaction. */
  readonly #afterwards = new Set<Promise<void>>();
  #committing = 0;

  constructor(options: ResolvedManagerOptions, statistics: LaneStatistics) {
    this.#options = options;
    this.#statistics = statistics;
  }

  /** How many are committed and not told yet. */
  get committing(): number {
    return this.#committing;
  }

  get underWay(): boolean {
    return this.#afterwards.size > 0;
  }

  /** Those that are committed and not told yet. */
  members(): readonly Member[] {
    return this.#groups.flat().filter(({ ended }) => !ended);
  }

  /** Members whose COMMIT has returned or was lost; `acknowledge` or `lose` follows for each. */
  expect(members: readonly Member[]): void {
    this.#committing += members.length;
    while (this.#groups[0]?.every(({ ended }) => ended) === true) this.#groups.shift();
    this.#groups.push(members);
  }

  /** It became durable at `now`. */
  acknowledge(member: Member, now: number): void {
    const { enlisted } = member.frame.root;
    const applied = enlisted && member.context.runInAsyncScope(() => enlisted.committed());
    if (applied === undefined) {
      this.#succeed(member, now);
      return;
    }
    this.#tellLater(applied, (failures) => {
      this.#succeed(member, this.#options.monotonicClock(), failures);
    });
  }

  /** Its outcome is not known. */
  lose(member: Member, error: unknown): void {
    this.#committing -= 1;
    this.#statistics.unknown += 1;
    this.fail(member, error, "unknown");
  }

  fail(member: Member, error: unknown, outcome: UndoneOutcome = "rolledBack"): void {
    const { frame, context, enqueuedAt } = member;
    const { onEvent, monotonicClock } = this.#options;
    const { enlisted } = frame.root;
    frame.close();
    member.ended = true;
    this.#statistics.rolledBack += 1;
    const undone = enlisted && context.runInAsyncScope(() => enlisted.undone(outcome));
    onEvent?.({
      type: "transaction.rollback",
      id: frame.id,
      durationMs: monotonicClock() - enqueuedAt,
    });
    for (const hook of frame.takeRollbackHooks()) this.#runHook(member, () => hook(outcome));
    if (undone === undefined) {
      member.reject(error);
      return;
    }
    this.#tellLater(undone, (failures) => {
      for (const failure of failures)
        onEvent?.({ type: "transaction.undo_failed", id: frame.id, error: failure });
      member.reject(error);
    });
  }

  /** Resolves when no participant is at work. */
  async idle(): Promise<void> {
    await Promise.all(this.#afterwards);
  }

  #succeed(member: Member, now: number, failures: readonly unknown[] = []): void {
    const { frame, enqueuedAt } = member;
    const { onEvent } = this.#options;
    const durationMs = now - enqueuedAt;
    this.#committing -= 1;
    member.ended = true;
    this.#statistics.recordCommit(now, durationMs);
    onEvent?.({ type: "transaction.commit", id: frame.id, durationMs });
    for (const hook of frame.commitHooks) this.#runHook(member, hook);
    if (failures.length === 0) {
      member.resolve(member.result);
      return;
    }
    const error = applyPending(frame.id, failures);
    onEvent?.({ type: "transaction.apply_failed", id: frame.id, error });
    member.reject(error);
  }

  #tellLater(
    work: Promise<readonly unknown[]>,
    tell: (failures: readonly unknown[]) => void,
  ): void {
    const told: Promise<void> = work.then(tell).finally(() => this.#afterwards.delete(told));
    this.#afterwards.add(told);
  }

  #runHook(member: Member, hook: () => void): void {
    try {
      member.context.runInAsyncScope(hook);
    } catch (error) {
      this.#options.onEvent?.({ type: "transaction.hook_failed", id: member.frame.id, error });
    }
  }
}
