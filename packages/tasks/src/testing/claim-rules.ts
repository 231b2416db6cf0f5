import assert from "node:assert/strict";
import { leaseDefaultMs } from "../index.ts";
import {
  ann,
  bob,
  eve,
  one,
  pathsOf,
  plan,
  refused,
  set,
  sound,
  statusesOf,
  type TaskRule,
} from "./task-rule.ts";

const minute = { leaseMs: 60_000 } as const;

/** @internal */
export const claimRules: readonly TaskRule[] = [
  {
    name: "a claim takes the most urgent ready work and nobody gets it again",
    check: async ({ tasks }) => {
      await plan(tasks, "a", { path: "b", priority: "high" }, { path: "c", dependencies: ["a"] });
      const first = await tasks.claimNext({ count: 5 }, bob);
      const second = await tasks.claimNext({ count: 5 }, eve);

      assert.deepEqual(pathsOf(first), ["b", "a"]);
      assert.deepEqual(second, []);
      const { lease, status, updatedAt } = first[0]!;
      assert.deepEqual([status, lease?.holder, lease?.token], ["in_progress", "bob", 1]);
      assert.equal(Date.parse(lease!.expiresAt) - Date.parse(updatedAt), leaseDefaultMs);
      assert.equal((await tasks.statistics()).claimed, 2);
      await sound(tasks);
    },
  },
  {
    name: "claims at the same moment never share a task",
    check: async ({ tasks }) => {
      await plan(tasks, ...Array.from({ length: 60 }, (_, at) => `t${at}`));
      const claims = await Promise.all(
        Array.from({ length: 30 }, (_, at) => tasks.claimNext({ count: 3 }, { actor: `w${at}` })),
      );

      const taken = claims.flat().map(({ id }) => id);
      assert.equal(taken.length, 60);
      assert.equal(new Set(taken).size, 60);
    },
  },
  {
    name: "work is claimed below a task and by its tags",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "a", type: "group" },
        { path: "a/x", tags: ["ui", "fast"] },
        { path: "a/y", tags: ["ui"] },
        { path: "b", tags: ["ui", "fast"], priority: "critical" },
      );

      assert.deepEqual(pathsOf(await tasks.next({ under: "a", count: 9 })), ["a/x", "a/y"]);
      assert.deepEqual(pathsOf(await tasks.next({ tags: ["fast", "ui"], count: 9 })), ["b", "a/x"]);
      const claimed = await tasks.claimNext({ under: "a", tags: ["fast"], count: 9 }, bob);
      assert.deepEqual(pathsOf(claimed), ["a/x"]);
      await refused(tasks, "task.not_found", () => tasks.next({ under: "nothing" }));
    },
  },
  {
    name: "work assigned to somebody is handed to nobody else",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "a", assignee: "bob", priority: "low" },
        { path: "b", assignee: "eve" },
        "c",
      );

      assert.equal((await tasks.next({ count: 9 })).length, 3);
      assert.deepEqual(pathsOf(await tasks.claimNext({ count: 9 }, bob)), ["c", "a"]);
      assert.deepEqual(pathsOf(await tasks.claim(["b"], bob)), ["b"]);
    },
  },
  {
    name: "named tasks are claimed all or none",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        "a",
        "b",
        "p",
        "p/c",
        { path: "g", type: "group" },
        { path: "done", status: "completed" },
        { path: "waits", dependencies: ["a"] },
      );
      await tasks.claim(["a"], bob);
      const claim =
        (...names: string[]) =>
        () =>
          tasks.claim(names, eve);

      await refused(tasks, "task.leased", claim("b", "a"));
      await refused(tasks, "task.leased", claim("b", "b"));
      await refused(tasks, "task.leased", () => tasks.claim(["a"], bob));
      await refused(tasks, "task.not_claimable", claim("b", "p"));
      await refused(tasks, "task.not_claimable", claim("g"));
      await refused(tasks, "task.not_claimable", claim("done"));
      await refused(tasks, "task.blocked", claim("waits"));
      await refused(tasks, "task.not_found", claim("nothing"));
      assert.equal((await claim("b")()).length, 1);
    },
  },
  {
    name: "the lease ends with the work",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", "c", "d");
      for (const [task, status] of [
        ["a", "completed"],
        ["b", "failed"],
        ["c", "cancelled"],
        ["d", "pending"],
      ] as const) {
        const [claimed] = await tasks.claim([task], bob);
        await tasks.update([{ task, status, lease: claimed!.lease!.token }], bob);
        assert.equal((await one(tasks, task)).lease, null);
      }
      assert.deepEqual(pathsOf(await tasks.next({ count: 9 })), ["d"]);
      await sound(tasks);
    },
  },
  {
    name: "only the holder changes the status of a claimed task; anybody may describe it",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      const [claimed] = await tasks.claim(["a"], bob);

      await refused(tasks, "task.leased", () => set(tasks, "a", "completed"));
      await refused(tasks, "task.leased", () => tasks.update([{ task: "a", type: "group" }], eve));
      await refused(tasks, "task.leased", () => tasks.delete(["a"], eve));
      await tasks.update([{ task: "a", description: "more", priority: "high" }], eve);
      assert.deepEqual((await one(tasks, "a")).lease, claimed?.lease);
      await tasks.update([{ task: "a", status: "completed" }], bob);
      assert.deepEqual(await statusesOf(tasks, "a"), ["completed"]);
    },
  },
  {
    name: "a lease that runs out gives the task back, with a higher token the next time",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a", "b");
      const [first] = await tasks.claimNext(minute, bob);
      advance(59_999);
      assert.deepEqual(pathsOf(await tasks.next({ count: 9 })), ["b"]);
      advance(1);

      assert.equal((await one(tasks, "a")).lease, null);
      assert.deepEqual(pathsOf(await tasks.next({ count: 9 })), ["a", "b"]);
      assert.equal((await tasks.statistics()).ready, 2);
      const [second] = await tasks.claimNext({}, eve);
      assert.equal(second?.id, first?.id);
      assert.deepEqual([second?.lease?.holder, second?.lease?.token], ["eve", 2]);
      await sound(tasks);
    },
  },
  {
    name: "a write with a token that no longer holds is refused and changes nothing",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a");
      const [first] = await tasks.claimNext(minute, bob);
      const late = { task: "a", lease: first!.lease!.token };
      const attempts = [
        () => tasks.update([{ ...late, status: "completed" }], bob),
        () => tasks.update([{ ...late, description: "late" }], bob),
        () => tasks.renew([late]),
        () => tasks.release([late], bob),
      ] as const;
      advance(60_000);
      for (const attempt of attempts) await refused(tasks, "task.lease_expired", attempt);
      await tasks.claimNext({}, eve);
      for (const attempt of attempts) await refused(tasks, "task.lease_expired", attempt);
      await refused(tasks, "task.leased", () =>
        tasks.update([{ task: "a", status: "completed" }], bob),
      );
    },
  },
  {
    name: "a renewed lease holds from then on, without a new version",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a");
      const [claimed] = await tasks.claimNext(minute, bob);
      const held = { task: "a", lease: claimed!.lease!.token };
      advance(50_000);
      const [renewed] = await tasks.renew([held], minute);
      advance(50_000);

      assert.deepEqual(await tasks.claimNext({}, eve), []);
      assert.equal(renewed?.version, claimed?.version);
      const longer = Date.parse(renewed!.lease!.expiresAt) - Date.parse(claimed!.lease!.expiresAt);
      assert.equal(longer, 50_000);
      advance(10_000);
      await refused(tasks, "task.lease_expired", () => tasks.renew([held]));
    },
  },
  {
    name: "a released task is pending and free, and its token worthless",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      const [claimed] = await tasks.claimNext({}, bob);
      const held = { task: "a", lease: claimed!.lease!.token };
      const [released] = await tasks.release([held], bob);

      assert.deepEqual([released?.status, released?.lease], ["pending", null]);
      await refused(tasks, "task.lease_expired", () => tasks.release([held], bob));
      const [again] = await tasks.claimNext({}, eve);
      assert.equal(again?.lease?.token, 2);
    },
  },
  {
    name: "a task that gets dependencies while it is held waits for them before it is completed",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b");
      await tasks.claim(["a"], bob);
      await tasks.update([{ task: "a", addDependencies: ["b"] }], ann);

      assert.deepEqual(await statusesOf(tasks, "a"), ["in_progress"]);
      await refused(tasks, "task.blocked", () =>
        tasks.update([{ task: "a", status: "completed" }], bob),
      );
      await set(tasks, "b", "completed");
      await tasks.update([{ task: "a", status: "completed" }], bob);
      await sound(tasks);
    },
  },
];
