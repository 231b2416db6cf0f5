import { describe, expect, test } from "vitest";
import { createSyncPolicy, type SyncPolicy } from "../src/sync-policy.ts";
import { simulateCallers } from "./simulated-callers.ts";

/** Records one sync after the other, each alone; `meanwhile` happens while it runs. */
function syncing(policy: SyncPolicy): (durationMs: number, meanwhile?: () => void) => void {
  let now = 0;
  return (durationMs, meanwhile) => {
    const sync = policy.syncBegins(now);
    meanwhile?.();
    now += durationMs;
    policy.syncEnds(sync, now);
  };
}

describe("when to sync here and when to start a group", () => {
  test("nothing is known of the device at first, so the first sync goes to the thread", () => {
    const policy = createSyncPolicy(0.7);
    const sync = syncing(policy);

    expect(policy.blockingPays()).toBe(false);
    sync(0.2);
    expect(policy.blockingPays()).toBe(true);
  });

  test("after a slow sync the next go to the thread until one was fast again", () => {
    const policy = createSyncPolicy(0.7);
    const sync = syncing(policy);
    for (let i = 0; i < 50; i += 1) sync(0.1);

    sync(2.2);
    expect(policy.blockingPays()).toBe(false);
    sync(0.8);
    expect(policy.blockingPays()).toBe(false);
    sync(0.1);
    expect(policy.blockingPays()).toBe(true);
  });

  test("one pause of the disk does not count as a slow device", () => {
    const policy = createSyncPolicy(0.7);
    const sync = syncing(policy);
    for (let i = 0; i < 50; i += 1) sync(0.3);

    sync(400);
    sync(0.3);

    expect(policy.blockingPays()).toBe(true);
  });

  test("a slow device is never synced here", () => {
    const policy = createSyncPolicy(0.7);
    const sync = syncing(policy);

    for (let i = 0; i < 100; i += 1) sync(5);

    expect(policy.blockingPays()).toBe(false);
  });

  /** On a device that takes its syncs one after the other. */
  const policyAfter = (syncMs: number, memberMs: number): ReturnType<typeof createSyncPolicy> => {
    const policy = createSyncPolicy(0.7);
    const sync = syncing(policy);
    for (let i = 0; i < 100; i += 1) {
      sync(syncMs);
      policy.recordGroup(10, 10 * memberMs);
    }
    for (let now = 1_000, pair = 0; pair < 5; now += 3 * syncMs, pair += 1) {
      const [first, second] = [policy.syncBegins(now), policy.syncBegins(now)];
      policy.syncEnds(first, now + syncMs);
      policy.syncEnds(second, now + 2 * syncMs);
    }
    return policy;
  };

  test("a group starts when running it takes as long as the sync still needs", () => {
    const policy = policyAfter(5, 0.1);

    expect(policy.startsNow(10, 20, 0)).toBe(false);
    expect(policy.startsNow(10, 20, 4.5)).toBe(true);
    expect(policy.startsNow(51, 1_000, 0)).toBe(true);
  });

  test("many share a commit by halves, and a half that is complete starts", () => {
    const policy = policyAfter(5, 0.1);

    expect(policy.groupSize(60)).toBe(30);
    expect(policy.startsNow(30, 60, 0)).toBe(true);
    expect(policy.startsNow(29, 60, 0)).toBe(false);
  });

  test.each([
    ["running all of them is over before the sync would be", 5, 40],
    ["a second commit costs more than the sync", 0.01, 60],
  ])("they share one when %s", (_, syncMs, population) => {
    expect(policyAfter(syncMs, 0.1).groupSize(population)).toBe(population);
  });

  test("the end of a sync is noticed late while groups run, and is not taken for a slow device", () => {
    const policy = policyAfter(0.2, 0.1);
    const sync = syncing(policy);

    for (let i = 0; i < 100; i += 1)
      sync(1.1, () => {
        policy.recordGroup(10, 1);
        policy.recordCommit(0.05);
      });

    expect(policy.blockingPays()).toBe(true);
  });

  test("a device that became slow is noticed although groups run", () => {
    const policy = policyAfter(0.2, 0.1);
    const sync = syncing(policy);

    for (let i = 0; i < 100; i += 1) sync(5, () => policy.recordGroup(10, 1));

    expect(policy.blockingPays()).toBe(false);
  });
});

describe("when two syncs are in flight at once", () => {
  const slow = { syncMs: 5, memberMs: 0.02, commitMs: 0.08, callers: 64 };

  test("where the device works on both, one half of the callers is always being synced", () => {
    const two = simulateCallers({ ...slow, device: "at once" }, 5_000);
    const one = simulateCallers({ ...slow, device: "at once", neverTwo: true }, 5_000);

    expect(two.overlapped).toBeGreaterThan(0.9);
    expect(two.perMs).toBeGreaterThan(1.1 * one.perMs);
  });

  test("where it takes one after the other, that is found out and tried again now and then", () => {
    const two = simulateCallers({ ...slow, device: "in turn" }, 5_000);

    expect(two.overlapped).toBeGreaterThan(0);
    expect(two.overlapped).toBeLessThan(0.1);
  });

  test.each(
    [0.05, 0.2, 1, 5, 20].flatMap((syncMs) =>
      [2, 8, 64, 256].flatMap((callers) =>
        (["at once", "in turn"] as const).map((device) => ({ syncMs, callers, device })),
      ),
    ),
  )("nobody is slower for it: $callers callers, $syncMs ms, $device", (given) => {
    const setting = { memberMs: 0.02, commitMs: 0.08, ...given };
    const two = simulateCallers(setting, 200 * given.syncMs + 100);
    const one = simulateCallers({ ...setting, neverTwo: true }, 200 * given.syncMs + 100);

    expect(two.perMs).toBeGreaterThan(0.95 * one.perMs);
  });
});
