import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLeaseKeeper, fixedLeases } from "../src/mcp/lease-keeper.ts";
import { callTool } from "./support/call-tool.ts";
import { connectStdio } from "./support/connect.ts";
import { openStore, type TestStore } from "./support/open-store.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const leaseMs = 30_000;

interface Kept extends AsyncDisposable {
  readonly store: TestStore;
  readonly keeper: ReturnType<typeof createLeaseKeeper>;
  readonly failures: unknown[];
}

async function keep(count = 1): Promise<Kept> {
  const store = await openStore();
  const failures: unknown[] = [];
  const keeper = createLeaseKeeper({
    leaseMs,
    tasks: () => Promise.resolve(store.application.tasks),
    onFailure: (error) => void failures.push(error),
  });
  const tasks = Array.from({ length: count }, (_, number) => ({ name: `Task ${number}` }));
  await store.application.tasks.create(tasks, { actor: "a" });
  return {
    store,
    keeper,
    failures,
    async [Symbol.asyncDispose]() {
      keeper[Symbol.dispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe("K5: the lease keeper", () => {
  test("renews what is held, without a new version and without an entry in the history", async () => {
    await using kept = await keep();
    const { tasks } = kept.store.application;
    const [claimed] = await tasks.claimNext({ leaseMs: 2_000 }, { actor: "a" });
    kept.keeper.held([claimed!]);

    await kept.keeper.renewAll();
    const [after] = await tasks.get([claimed!.id]);
    const history = await tasks.history(claimed!.id);

    expect(Date.parse(after!.lease!.expiresAt)).toBeGreaterThan(
      Date.parse(claimed!.lease!.expiresAt) + 20_000,
    );
    expect(after!.version).toBe(claimed!.version);
    expect(history.changes).toHaveLength(2);
  });

  test("forgets a lease that is gone, and goes on renewing the others", async () => {
    await using kept = await keep(2);
    const { tasks } = kept.store.application;
    const claimed = await tasks.claimNext({ count: 2, leaseMs: 60_000 }, { actor: "a" });
    kept.keeper.held(claimed);
    await tasks.release([{ task: claimed[0]!.id, lease: claimed[0]!.lease!.token }], {
      actor: "a",
    });

    await kept.keeper.renewAll();

    expect(kept.keeper.count).toBe(1);
    expect(kept.failures).toEqual([]);
  });

  test("forgets a deleted task", async () => {
    await using kept = await keep();
    const { tasks } = kept.store.application;
    const claimed = await tasks.claimNext({ leaseMs }, { actor: "a" });
    kept.keeper.held(claimed);
    await tasks.delete([claimed[0]!.id], { actor: "a" });

    await kept.keeper.renewAll();

    expect([kept.keeper.count, kept.failures]).toEqual([0, []]);
  });

  test("tells of a renewal that failed for another reason, and tries again", async () => {
    await using store = await openStore();
    const failures: unknown[] = [];
    let isBroken = true;
    using keeper = createLeaseKeeper({
      leaseMs,
      tasks: () =>
        isBroken ? Promise.reject(new Error("disk")) : Promise.resolve(store.application.tasks),
      onFailure: (error) => void failures.push(error),
    });
    await store.application.tasks.create([{ name: "A" }], { actor: "a" });
    const claimed = await store.application.tasks.claimNext({ leaseMs: 2_000 }, { actor: "a" });
    keeper.held(claimed);

    await keeper.renewAll();
    isBroken = false;
    await keeper.renewAll();
    const [after] = await store.application.tasks.get([claimed[0]!.id]);

    expect(failures).toEqual([expect.objectContaining({ message: "disk" })]);
    expect(after!.lease!.expiresAt > claimed[0]!.lease!.expiresAt).toBe(true);
  });

  test("a policy without a heartbeat keeps nothing", () => {
    const policy = fixedLeases(1_000);

    expect(policy.held([])).toBeUndefined();
    expect(policy).not.toHaveProperty("count");
  });

  describe("on time", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
    afterEach(() => void vi.useRealTimers());

    test("renews after a third of the lease, until it is disposed of", async () => {
      let asked = 0;
      const keeper = createLeaseKeeper({
        leaseMs,
        tasks: () => {
          asked += 1;
          return Promise.reject(new Error("never mind"));
        },
        onFailure: () => {},
      });
      // The keeper looks at ids and leases only.
      const task = { id: "t-1", lease: { token: 1, holder: "a", expiresAt: "" } };
      keeper.held([task as Parameters<typeof keeper.held>[0][number]]);

      await vi.advanceTimersByTimeAsync(leaseMs / 3 - 1);
      const before = asked;
      await vi.advanceTimersByTimeAsync(1);
      const after = asked;
      keeper[Symbol.dispose]();
      await vi.advanceTimersByTimeAsync(leaseMs);

      expect([before, after, asked]).toEqual([0, 1, 1]);
    });
  });
});

test("K5: a slow living agent keeps its task, and a dead one's comes back", async () => {
  // Goal: both with real processes. Method: leases of 3 seconds, one agent idle for 5, then killed.
  using directory = temporaryDirectory();
  const args = ["--stdio-lease-ms", "3000"];
  const slow = await connectStdio({ data: directory.path, name: "slow", args });
  await using other = await connectStdio({ data: directory.path, name: "other", args });
  await callTool(slow.client, "task_create", { tasks: [{ name: "A" }] });
  const claimed = await callTool(slow.client, "task_next", { claim: true });

  await sleep(5_000);
  const whileAlive = await callTool(other.client, "task_next", { claim: true });
  process.kill(slow.pid, "SIGKILL");
  await slow.client.close();
  await sleep(3_500);
  const afterDeath = await callTool(other.client, "task_next", { claim: true });

  expect(claimed.tasks[0]?.lease?.holder).toBe("slow");
  expect(whileAlive.tasks).toEqual([]);
  expect(afterDeath.tasks[0]?.lease).toMatchObject({ holder: "other", token: 2 });
});
