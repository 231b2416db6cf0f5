import { setImmediate as nextTurn } from "node:timers/promises";

/** Between two groups the event loop gets a turn this often, in milliseconds. */
const betweenGroupsMs = 2;
/** Between two members of a group, whose COMMIT comes on top. */
const inGroupMs = 1;
/** When telling callers of a sync took longer, in milliseconds, the next group gets a turn of its own. */
const tellingMsMax = 0.5;

/**
 * The turns that the lane leaves to the event loop. Bodies that only await the database never
 * leave the queue of microtasks; timers and sockets of everybody else need a turn.
 *
 * @internal
 */
export class LoopTurns {
  readonly #now: () => number;
  #latestAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async give(): Promise<void> {
    await nextTurn();
    this.had();
  }

  /** Gives those that are due after callers were told, which began `at`. */
  async giveAfterTelling(at: number): Promise<void> {
    await this.give();
    // That was the rest of the turn in which many were told and came back. Timers are due first.
    if (this.#latestAt - at >= tellingMsMax) await this.give();
  }

  /** Somebody has waited, so the event loop had a turn. */
  had(): void {
    this.#latestAt = this.#now();
  }

  dueBetweenGroups(): boolean {
    return this.#now() - this.#latestAt >= betweenGroupsMs;
  }

  /** `at` is the time. */
  dueInGroup(at: number): boolean {
    return at - this.#latestAt >= inGroupMs;
  }
}
