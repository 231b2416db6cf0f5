import { setTimeout as sleep } from "node:timers/promises";
import type { Priority } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { createMemberQueue, type MemberQueue } from "../src/member-queue.ts";
import type { Member } from "../src/member.ts";
import { openManager } from "./open-manager.ts";

describe("T2: priorities share the writer and starve nobody", () => {
  /** Only what the queue looks at. */
  const member = (priority: Priority, name = ""): Member =>
    ({ priority, result: name, enqueuedAt: 0, waitTimeoutMs: 10 }) as unknown as Member;
  const take = (queue: MemberQueue, count: number): readonly Priority[] =>
    Array.from({ length: count }, () => queue.shift()?.priority ?? "normal");
  const full = (...priorities: readonly Priority[]): MemberQueue => {
    const queue = createMemberQueue(10_000);
    for (let i = 0; i < 500; i += 1)
      for (const priority of priorities) queue.push(member(priority, `${priority} ${i}`));
    return queue;
  };

  test("of any 13 in a row 8 are high, 4 normal and 1 low while all of them wait", () => {
    const taken = take(full("high", "normal", "low"), 260);

    for (let at = 0; at + 13 <= taken.length; at += 1) {
      const window = taken.slice(at, at + 13);
      const counts = (["high", "normal", "low"] as const).map(
        (priority) => window.filter((one) => one === priority).length,
      );
      expect(counts).toEqual([8, 4, 1]);
    }
  });

  test("a low one is taken within 13, however many others come meanwhile", () => {
    for (let phase = 0; phase < 26; phase += 1) {
      const queue = full("high", "normal");
      take(queue, phase);
      queue.push(member("low"));

      let waited = 0;
      while (queue.shift()?.priority !== "low") {
        waited += 1;
        queue.push(member("high"));
      }

      expect(waited).toBeLessThan(13);
    }
  });

  test("turns that nobody wants are given away, and each priority stays first come first served", () => {
    const queue = full("high", "low");
    const taken = Array.from({ length: 1000 }, () => queue.shift());

    expect(queue.length).toBe(0);
    expect(queue.shift()).toBeUndefined();
    for (const priority of ["high", "low"] as const) {
      const order = taken.filter((one) => one?.priority === priority).map((one) => one?.result);
      expect(order).toEqual(Array.from({ length: 500 }, (_, i) => `${priority} ${i}`));
    }
  });

  test("all priorities count towards the bound, expire and can be removed", () => {
    const queue = createMemberQueue(3);
    const [high, low] = [member("high"), member("low")];
    queue.push(high);
    queue.push(low);
    queue.push(member("normal"));

    expect(() => queue.push(member("high"))).toThrow("3 transactions already wait");
    expect([queue.remove(low), queue.remove(low), queue.length]).toEqual([true, false, 2]);
    expect([...queue]).toContain(high);
    expect(queue.takeExpired(5)).toEqual([]);
    expect(queue.takeExpired(10)).toHaveLength(2);
    expect(queue.takeAll()).toEqual([]);
  });

  test("the writer is handed out by priority", async () => {
    await using setup = await openManager();
    const order: string[] = [];
    const run = (priority?: Priority): Promise<unknown> =>
      setup.manager.atomic(
        () => void order.push(priority ?? "none"),
        priority === undefined ? {} : { priority },
      );

    const first = setup.manager.atomic(() => sleep(5));
    await sleep(1);
    await Promise.all([first, run("low"), run(), run("high"), run("high"), run("high")]);

    expect(order).toEqual(["high", "none", "high", "high", "low"]);
  });
});
