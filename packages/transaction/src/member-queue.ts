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
  const lines = { high: createLine(), normal: createLine(), low: createLine() };
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
      for (const line of all) yield* line.members;
    },
    push(member) {
      if (length() >= lengthMax) throw overloaded(lengthMax);
      lines[member.priority].members.add(member);
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
    remove: (member) => lines[member.priority].members.delete(member),
    takeExpired: (now) => takeWhere((member) => now - member.enqueuedAt >= member.waitTimeoutMs),
    takeAll: () => takeWhere(() => true),
  };
}

/** Those of one priority. */
interface Line {
  readonly members: Set<Member>;
  readonly size: number;
  shift(): Member | undefined;
  takeWhere(wanted: (member: Member) => boolean): readonly Member[];
}

function createLine(): Line {
  // Insertion order is what `Set` iterates in, and removal anywhere is constant time.
  const members = new Set<Member>();
  // One iterator is kept: a new one would pass over everything already taken.
  let front = members.values();
  return {
    members,
    get size() {
      return members.size;
    },
    shift() {
      let next = front.next();
      if (next.done === true) {
        front = members.values();
        next = front.next();
      }
      if (next.done === true) return undefined;
      members.delete(next.value);
      return next.value;
    },
    takeWhere(wanted) {
      const taken = [...members].filter(wanted);
      for (const member of taken) members.delete(member);
      return taken;
    },
  };
}

function overloaded(lengthMax: number): Error {
  return transactionError(
    "transaction.overloaded",
    `${lengthMax} transactions already wait for the writer. Start fewer at a time.`,
    { txState: "none", details: { queueLengthMax: lengthMax } },
  );
}
