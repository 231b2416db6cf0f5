import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";

/**
 * First in, first out, with a bound. Taking from the front is constant time.
 *
 * @internal
 */
export interface MemberQueue {
  readonly length: number;
  /** @throws {AtlasError} transaction.overloaded when the queue is full. */
  push(member: Member): void;
  shift(): Member | undefined;
  remove(member: Member): boolean;
  takeExpired(now: number): readonly Member[];
  takeAll(): readonly Member[];
}

/** @internal */
export function createMemberQueue(lengthMax: number): MemberQueue {
  // Insertion order is what `Set` iterates in, and removal anywhere is constant time.
  const members = new Set<Member>();
  // One iterator is kept: a new one would pass over everything already taken.
  let front = members.values();
  const takeWhere = (wanted: (member: Member) => boolean): readonly Member[] => {
    const taken = [...members].filter(wanted);
    for (const member of taken) members.delete(member);
    return taken;
  };
  return {
    get length() {
      return members.size;
    },
    push(member) {
      if (members.size >= lengthMax)
        throw transactionError(
          "transaction.overloaded",
          `${lengthMax} transactions already wait for the writer. Start fewer at a time.`,
          { txState: "none", details: { queueLengthMax: lengthMax } },
        );
      members.add(member);
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
    remove: (member) => members.delete(member),
    takeExpired: (now) => takeWhere((member) => now - member.enqueuedAt >= member.waitTimeoutMs),
    takeAll: () => takeWhere(() => true),
  };
}
