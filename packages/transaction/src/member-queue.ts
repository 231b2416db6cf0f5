import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";
import { type Priority, priorities } from "./transaction-options.ts";

/**
 * First in, first out within each priority, with one bound for all. Taking from
 * the front is constant time.
 *
 * The priorities share the writer by weighted round robin (Katevenis et al.,
 * "Weighted Round-Robin Cell Multiplexing in a General-Purpose ATM Switch
 * Chip", IEEE JSAC 9(8), 1991): a pointer walks around `turns`, and each take
 * moves it to the next turn whose priority has somebody waiting.
 *
 * Nobody starves: each take moves the pointer at least one turn, and one round
 * has a turn of every priority, so of any 13 takes in a row (`turns.length`) at
 * least one is `low`, 4 are `normal` and 8 are `high` as long as such wait.
 * Whoever has p of its own priority before it is taken within 13 (p + 1) takes,
 * whatever others submit.
 *
 * @internal
 */
export interface MemberQueue extends Iterable<Member> {
  readonly length: number;
  /** @throws {AtlasError} transaction.overloaded when the queue is full. */
  push(member: Member): void;
  shift(): Member | undefined;
  remove(member: Member): boolean;
  takeExpired(now: number): readonly Member[];
  takeAll(): readonly Member[];
}

/** One round; those of a priority are spread, so that none of them comes in a bunch. */
const turns: readonly Priority[] = [..."hnhhnhhnhhnhl"].map(
  (letter) => priorities.find((priority) => priority.startsWith(letter)) ?? "normal",
);

/** @internal */
export function createMemberQueue(lengthMax: number): MemberQueue {
  const lines = { high: new Line(), normal: new Line(), low: new Line() };
  const all = [lines.high, lines.normal, lines.low];
  let turn = 0;
  const length = (): number => lines.high.size + lines.normal.size + lines.low.size;
  const takeWhere = (wanted: (member: Member) => boolean): readonly Member[] =>
    all.flatMap((line) => line.takeWhere(wanted));
  return {
    get length() {
      return length();
    },
    *[Symbol.iterator]() {
      for (const line of all) yield* line;
    },
    push(member) {
      if (length() >= lengthMax) throw overloaded(lengthMax);
      lines[member.priority].push(member);
    },
    shift() {
      // Nearly always nobody asked for a priority.
      if (lines.high.size === 0 && lines.low.size === 0) return lines.normal.shift();
      for (;;) {
        const line = lines[turns[turn]!];
        turn = (turn + 1) % turns.length;
        if (line.size > 0) return line.shift();
      }
    },
    remove: (member) => lines[member.priority].remove(member),
    takeExpired: (now) => takeWhere((member) => now - member.enqueuedAt >= member.waitTimeoutMs),
    takeAll: () => takeWhere(() => true),
  };
}

/**
 * Those of one priority: a list through the members themselves. A `Set` does the
 * same, and makes a new table every few members.
 */
class Line implements Iterable<Member> {
  #first: Member | undefined;
  #last: Member | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Member> {
    for (let member = this.#first; member !== undefined; member = member.behind) yield member;
  }

  push(member: Member): void {
    member.queued = true;
    member.ahead = this.#last;
    if (this.#last === undefined) this.#first = member;
    else this.#last.behind = member;
    this.#last = member;
    this.#size += 1;
  }

  shift(): Member | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** False when it is not in the line. */
  remove(member: Member): boolean {
    if (!member.queued) return false;
    const { ahead, behind } = member;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    member.ahead = undefined;
    member.behind = undefined;
    member.queued = false;
    this.#size -= 1;
    return true;
  }

  takeWhere(wanted: (member: Member) => boolean): readonly Member[] {
    const taken = [...this].filter(wanted);
    for (const member of taken) this.remove(member);
    return taken;
  }
}

function overloaded(lengthMax: number): Error {
  return transactionError(
    "transaction.overloaded",
    `${lengthMax} transactions already wait for the writer. Start fewer at a time.`,
    { txState: "none", details: { queueLengthMax: lengthMax } },
  );
}
