import { setImmediate as turn } from "node:timers/promises";
import { type CacheEvent, createCacheManager, type SecondLevelCache } from "@atlas/storage/cache";
import { secondLevelRules } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { sharedMemory } from "./shared-memory.ts";

describe("D5: rules of a second level", () => {
  test.for(secondLevelRules)("$name", async (rule) => {
    await rule.check(async () => sharedMemory());
  });
});

/** A level whose calls wait or fail when they are told to. */
function controlled(inner: SecondLevelCache) {
  const control = {
    fail: new Set<keyof SecondLevelCache>(),
    hold: new Map<keyof SecondLevelCache, Promise<void>>(),
    calls: [] as string[],
  };
  const wrap =
    <Args extends unknown[], T>(name: keyof SecondLevelCache, run: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      control.calls.push(name);
      if (control.fail.has(name)) throw new Error(`${name} failed`);
      // Answers with the state of the call, however late.
      const answer = await run(...args);
      await control.hold.get(name);
      return answer;
    };
  const level: SecondLevelCache = {
    get: wrap("get", (key, tags) => inner.get(key, tags)),
    set: wrap("set", (key, value, how) => inner.set(key, value, how)),
    delete: wrap("delete", (key) => inner.delete(key)),
    invalidate: wrap("invalidate", (pattern) => inner.invalidate(pattern)),
    invalidateTags: wrap("invalidateTags", (tags) => inner.invalidateTags(tags)),
    clear: wrap("clear", () => inner.clear()),
  };
  return { ...control, level };
}

async function open() {
  const bench = sharedMemory();
  const shared = controlled(await bench.connect());
  const events: CacheEvent[] = [];
  let now = 0;
  const cache = createCacheManager({
    secondLevel: shared.level,
    secondLevelTimeoutMs: 1_000,
    clock: () => now,
    onEvent: (event) => events.push(event),
  });
  const elsewhere = createCacheManager({ secondLevel: await bench.connect() });
  return { bench, shared, events, cache, elsewhere, pass: (ms: number) => (now += ms) };
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await turn();
};

describe("D5: a cache with a second level", () => {
  test("what one process loaded another one gets without loading, with its tags", async () => {
    const { cache, elsewhere } = await open();
    await cache.load("k", () => ({ a: 1 }), { tags: ["t"] });
    await settled();

    expect(await elsewhere.load("k", () => expect.unreachable(), { tags: ["t"] })).toEqual({
      a: 1,
    });
    expect(await elsewhere.get("k")).toEqual({ a: 1 });
    await elsewhere.invalidateTags(["t"]);

    expect(await elsewhere.get("k")).toBeUndefined();
    expect(elsewhere.stats()).toMatchObject({ secondLevelHits: 1, hits: 1, misses: 1, loads: 0 });
  });

  test("get finds what another process has set, and keeps it no longer than that one", async () => {
    const { cache, elsewhere, pass } = await open();
    await elsewhere.set("k", 1, { ttlMs: 500 });

    expect(await cache.get("k")).toBe(1);
    expect(cache.peek("k")).toBe(1);
    pass(501);

    expect(cache.peek("k")).toBeUndefined();
  });

  test("while an invalidation is on its way, what it covers is not asked for", async () => {
    const { cache, elsewhere, shared } = await open();
    await elsewhere.load("k", () => "old", { tags: ["t"] });
    await settled();
    const gate = Promise.withResolvers<void>();
    shared.hold.set("invalidateTags", gate.promise);

    const dropping = cache.invalidateTags(["t"]);
    shared.calls.length = 0;
    const loaded = await cache.load("k", () => "new", { tags: ["t"] });
    const unknown = await cache.get("another");
    gate.resolve();
    await dropping;

    expect([loaded, unknown]).toEqual(["new", undefined]);
    expect(shared.calls).toEqual([]);
  });

  test("an answer of the second level that an invalidation overtook is not believed", async () => {
    const { cache, elsewhere, shared } = await open();
    await elsewhere.load("k", () => "old", { tags: ["t"] });
    await settled();
    const gate = Promise.withResolvers<void>();
    shared.hold.set("get", gate.promise);

    const got = cache.get("k");
    const before = cache.load("k", () => "new", { tags: ["t"] });
    await turn();
    await cache.invalidateTags(["t"]);
    shared.hold.clear();
    gate.resolve();

    expect(await got).toBeUndefined();
    expect(await before).toBe("new");
    expect(cache.stats().entries).toBe(0);
  });

  test("a value with other tags than asked for is loaded anew", async () => {
    const { cache, elsewhere } = await open();
    await elsewhere.load("k", () => "theirs", { tags: ["a", "b"] });
    await settled();

    expect(await cache.load("k", () => "ours", { tags: ["a"] })).toBe("ours");
  });

  test("set replaces what other processes would find", async () => {
    const { cache, elsewhere, bench } = await open();
    await elsewhere.set("k", 1);
    await cache.set("k", 2);
    const third = createCacheManager({ secondLevel: await bench.connect() });

    expect(await third.get("k")).toBe(2);
  });

  test("what must not leave the process does not", async () => {
    const { cache, shared } = await open();

    await cache.load("k", () => 1, { firstLevelOnly: true, tags: ["t"] });
    await cache.invalidateTags(["t"], { firstLevelOnly: true });

    expect(shared.calls).toEqual([]);
    expect(cache.peek("k")).toBeUndefined();
  });

  test("a level that fails fails no reader, and is reported", async () => {
    const { cache, shared, events } = await open();
    for (const name of ["get", "set"] as const) shared.fail.add(name);

    expect(await cache.load("k", () => 1)).toBe(1);
    expect(await cache.get("other")).toBeUndefined();
    shared.fail.delete("get");
    await cache.load("j", () => 1);
    await settled();

    const failed = { type: "second_level_failed", suspended: false, error: expect.any(Error) };
    expect(events).toEqual([
      { ...failed, operation: "get" },
      { ...failed, operation: "get" },
      { ...failed, operation: "set" },
    ]);
  });

  test("a level that missed an invalidation is not asked until it was cleared", async () => {
    const { cache, elsewhere, shared, events, pass } = await open();
    await elsewhere.load("k", () => "old");
    await settled();
    shared.fail.add("delete");

    await cache.delete("k");
    expect(await cache.load("k", () => "new")).toBe("new");
    await cache.invalidate("k*");
    shared.fail.add("clear");
    pass(1_001);
    await cache.get("x");
    await settled();
    shared.fail.clear();
    shared.calls.length = 0;
    await cache.get("x");
    await settled();
    expect(shared.calls).toEqual([]);
    pass(1_001);
    await cache.get("x");
    await settled();

    expect(await cache.load("k", () => "newest")).toBe("newest");
    expect(events.map((event) => ("operation" in event ? event.operation : event.type))).toEqual([
      "invalidate",
      "clear",
      "second_level_restored",
    ]);
  });

  test("an invalidation while it is being cleared makes it be cleared again", async () => {
    const { cache, shared, pass } = await open();
    shared.fail.add("delete");
    await cache.delete("k");
    shared.fail.clear();
    shared.calls.length = 0;
    pass(1_001);
    const gate = Promise.withResolvers<void>();
    shared.hold.set("clear", gate.promise);

    await cache.get("x");
    await cache.clear();
    gate.resolve();
    await settled();

    expect(shared.calls).toEqual(["clear", "clear"]);
  });

  test("a level that does not answer in time is gone on without", async () => {
    const { level, hold } = controlled(await sharedMemory().connect());
    hold.set("get", new Promise(() => undefined));
    const events: CacheEvent[] = [];
    const cache = createCacheManager({
      secondLevel: level,
      secondLevelTimeoutMs: 1,
      onEvent: (event) => {
        events.push(event);
        throw new Error("observer");
      },
    });

    expect(await cache.load("k", () => 1)).toBe(1);
    expect(events).toMatchObject([{ type: "second_level_failed", operation: "get" }]);
  });
});
