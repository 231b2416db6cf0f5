import { setImmediate as turn } from "node:timers/promises";
import { createCacheManager, estimateBytes } from "@atlas/storage/cache";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern } from "../../src/cache/key-pattern.ts";

describe("D5: values by key", () => {
  test("what was set is answered until its time is over", async () => {
    let now = 0;
    const cache = createCacheManager({ ttlMs: 100, clock: () => now });
    await cache.set("short", 1);
    await cache.set("long", 2, { ttlMs: 1_000 });
    now = 99;
    expect([cache.peek("short"), await cache.get("long")]).toEqual([1, 2]);

    now = 101;

    expect([cache.peek("short"), await cache.get("short"), cache.peek("long")]).toEqual([
      undefined,
      undefined,
      2,
    ]);
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 1, hitRate: 0.75, entries: 1 });
  });

  test("the least recently used values leave when the budget is spent", async () => {
    const cache = createCacheManager({ budgetBytes: 64 * 1024, entryBytesMax: 16 * 1024 });
    for (const key of ["a", "b", "c", "d"]) await cache.set(key, key, { bytes: 15_000 });
    cache.peek("a");

    await cache.set("e", "e", { bytes: 15_000 });
    await cache.set("huge", 1, { bytes: 17_000 });

    const kept = ["a", "b", "c", "d", "e", "huge"].filter((key) => cache.peek(key) !== undefined);
    expect(kept).toEqual(["a", "c", "d", "e"]);
    expect(cache.stats()).toMatchObject({ evictions: 1, entries: 4, limitBytes: 65_536 });
    expect(cache.stats().bytes).toBeLessThanOrEqual(65_536);
  });

  test("a value that has become too large drops the one before", async () => {
    const cache = createCacheManager({ budgetBytes: 64 * 1024 });
    await cache.set("a", "small");

    await cache.set("a", "x".repeat(100_000));

    expect(cache.peek("a")).toBeUndefined();
  });

  test("it gives memory back at once and grows again up to its budget", async () => {
    const cache = createCacheManager({ budgetBytes: 64 * 1024 });
    for (let n = 0; n < 10; n += 1) await cache.set(`k${n}`, n, { bytes: 4_000 });

    cache.shrink(10_000);
    const shrunk = cache.stats();
    cache.shrink(20_000);
    await cache.set("more", 1, { bytes: 4_000 });
    cache.grow(5_000);
    expect(cache.stats().limitBytes).toBe(10_000);
    cache.grow(1_000_000);

    expect(shrunk).toMatchObject({ entries: 2, limitBytes: 10_000, evictions: 8 });
    expect(cache.stats()).toMatchObject({ entries: 2, limitBytes: 65_536 });
    expect(cache.peek("k9")).toBe(9);
  });

  test.for([
    ["task:42", ["task:42"]],
    ["task:*", ["task:42", "task:42:name", "task:7:name", "task:"]],
    ["task:*:name", ["task:42:name", "task:7:name"]],
    ["*:name", ["task:42:name", "task:7:name", "user:1:name"]],
    ["t*4*name", ["task:42:name"]],
    ["*", ["task:42", "task:42:name", "task:7:name", "task:", "user:1:name", "t.sk:42"]],
    ["t.sk:42", ["t.sk:42"]],
    ["name", []],
  ] as const)("the pattern %s drops %o", async ([pattern, dropped]) => {
    const keys = ["task:42", "task:42:name", "task:7:name", "task:", "user:1:name", "t.sk:42"];
    const cache = createCacheManager();
    for (const key of keys) await cache.set(key, key);

    await cache.invalidate(pattern);

    expect(keys.filter((key) => cache.peek(key) === undefined)).toEqual(dropped);
    expect(cache.stats().invalidations).toBe(dropped.length);
  });

  test("patterns match as a regular expression would", () => {
    const letter = fc.constantFrom("a", "b", ".");
    const pattern = fc.array(fc.oneof(letter, fc.constant("*")), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, fc.array(letter, { maxLength: 10 }), (parts, letters) => {
        const source = parts.map((part) => (part === "*" ? ".*" : part.replace(".", "\\.")));
        const expected = new RegExp(`^${source.join("")}$`).test(letters.join(""));

        expect(compilePattern(parts.join(""))(letters.join(""))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test("delete reads its key literally", async () => {
    const cache = createCacheManager();
    for (const key of ["a*", "ab"]) await cache.set(key, key);

    await cache.delete("a*");

    expect([cache.peek("a*"), cache.peek("ab")]).toEqual([undefined, "ab"]);
  });

  test("tags drop what carries them, and nothing that was replaced by something without", async () => {
    const cache = createCacheManager();
    await cache.set("a", 1, { tags: ["x", "y"] });
    await cache.set("b", 1, { tags: ["y"] });
    await cache.set("c", 1, { tags: ["x"] });
    await cache.set("c", 2);

    await cache.invalidateTags(["x", "unknown"]);

    expect(["a", "b", "c"].map((key) => cache.peek(key))).toEqual([undefined, 1, 2]);
    await cache.clear();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, invalidations: 3 });
  });

  test("keys, patterns, tags and options out of bounds are refused", async () => {
    const cache = createCacheManager();
    const invalid = { code: "storage.cache_key_invalid" };

    await expect(cache.get("")).rejects.toMatchObject(invalid);
    await expect(cache.load("x".repeat(4_097), () => 1)).rejects.toMatchObject(invalid);
    await expect(cache.invalidate("x".repeat(257))).rejects.toMatchObject(invalid);
    await expect(cache.set("a", 1, { ttl: 5 } as never)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
    const tags = Array.from({ length: 101 }, (_, n) => `t${n}`);
    await expect(cache.load("a", () => 1, { tags })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
    expect(() => createCacheManager({ budgetBytes: 1 })).toThrow(
      expect.objectContaining({ code: "configuration.invalid_option" }),
    );
  });
});

describe("D5: loads", () => {
  test("many who ask for one key share one load", async () => {
    const cache = createCacheManager();
    let runs = 0;
    const load = (): Promise<number> =>
      cache.load("k", async () => {
        await turn();
        return (runs += 1);
      });

    expect(await Promise.all([load(), load(), load()])).toEqual([1, 1, 1]);
    expect(await load()).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, sharedLoads: 2, misses: 3, hits: 1 });
  });

  test("an error goes to all who asked and is not kept", async () => {
    const cache = createCacheManager();
    const fail = (): Promise<number> => cache.load("k", () => Promise.reject(new Error("no")));

    const both = await Promise.allSettled([fail(), fail()]);

    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await cache.load("k", () => 1)).toBe(1);
    await expect(
      cache.load("j", () => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
  });

  test("undefined and null are values", async () => {
    const cache = createCacheManager();
    await cache.load("u", () => undefined);
    await cache.load("n", () => null);

    expect(await cache.load("u", () => expect.unreachable())).toBeUndefined();
    expect(await cache.load("n", () => expect.unreachable())).toBeNull();
  });

  test.for(["key", "pattern", "tag", "clear", "set"] as const)(
    "what was loading before an invalidation is not given to who asks after it: %s",
    async (way) => {
      const cache = createCacheManager();
      const gate = Promise.withResolvers<string>();
      const old = cache.load("k:1", () => gate.promise, { tags: ["t"] });

      if (way === "key") await cache.delete("k:1");
      else if (way === "pattern") await cache.invalidate("k:*");
      else if (way === "tag") await cache.invalidateTags(["t"]);
      else if (way === "clear") await cache.clear();
      else await cache.set("k:1", "new");
      const after = cache.load("k:1", async () => "new", { tags: ["t"] });
      gate.resolve("old");

      expect(await old).toBe("old");
      expect(await after).toBe("new");
      expect(cache.peek("k:1")).toBe("new");
    },
  );

  test("an invalidation of something else does not disturb a load", async () => {
    const cache = createCacheManager();
    const gate = Promise.withResolvers<string>();
    const loading = cache.load("k:1", () => gate.promise, { tags: ["t"] });

    await cache.invalidate("j:*");
    await cache.invalidateTags(["other"]);
    gate.resolve("value");
    await loading;

    expect(cache.peek("k:1")).toBe("value");
  });

  test("a value of no size is not kept", async () => {
    const cache = createCacheManager();

    await cache.load("k", () => 1, { sizeOf: () => undefined });

    expect(cache.peek("k")).toBeUndefined();
  });

  test("warming loads what is missing, a few at a time, and counts what fails", async () => {
    const cache = createCacheManager();
    let running = 0;
    let most = 0;
    const entries = Array.from({ length: 9 }, (_, n) => ({
      key: `k${n}`,
      tags: ["warm"],
      load: async () => {
        most = Math.max(most, (running += 1));
        await turn();
        running -= 1;
        if (n === 4) throw new Error("no");
        return n;
      },
    }));

    expect(await cache.warm(entries, { concurrency: 3 })).toEqual({ loaded: 8, failed: 1 });
    expect(most).toBe(3);
    expect(await cache.warm([])).toEqual({ loaded: 0, failed: 0 });
    await cache.invalidateTags(["warm"]);
    expect(cache.stats().entries).toBe(0);
  });
});

describe("D5: sizes", () => {
  test("grow with what is in a value, and count what occurs twice once", () => {
    const part = { text: "x".repeat(1_000) };
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;

    expect(estimateBytes(1)).toBe(16);
    expect(estimateBytes("abcd")).toBe(24);
    expect(estimateBytes([part, part])).toBeLessThan(estimateBytes([part, { ...part }]));
    expect(estimateBytes(new Uint8Array(5_000))).toBeGreaterThan(5_000);
    expect(estimateBytes(new ArrayBuffer(5_000))).toBeGreaterThan(5_000);
    expect(estimateBytes(new Map([["k", part]]))).toBeGreaterThan(2_000);
    expect(estimateBytes(new Set([part]))).toBeGreaterThan(2_000);
    expect(estimateBytes(loop)).toBeGreaterThan(0);
    expect(estimateBytes(Array.from({ length: 100_001 }))).toBe(Infinity);
  });
});

describe("D5: tags with many entries", () => {
  const filled = async (count: number) => {
    const cache = createCacheManager();
    for (let n = 0; n < count; n += 1) await cache.set(`k${n}`, n, { tags: ["many", `t${n}`] });
    return cache;
  };

  test("are dropped at once for whoever asks, and taken out little by little", async () => {
    const cache = await filled(2_500);

    const dropping = cache.invalidateTags(["many"]);
    const at = cache.stats();
    await cache.set("k1", "new", { tags: ["many"] });
    await cache.invalidateTags(["many", "t7"]);
    await cache.set("k2", "newer", { tags: ["many"] });
    await dropping;
    expect([cache.peek("k1"), cache.peek("k2"), cache.peek("k3")]).toEqual([
      undefined,
      "newer",
      undefined,
    ]);
    for (let n = 0; n < 5; n += 1) await turn();

    expect(at).toMatchObject({ entries: 0, bytes: 0, invalidations: 2_500 });
    expect(cache.stats()).toMatchObject({ entries: 1, invalidations: 2_501, evictions: 0 });
    expect(cache.peek("k2")).toBe("newer");
  });

  test("may be cleared or forgotten meanwhile", async () => {
    const cache = await filled(2_500);
    void cache.invalidateTags(["many"]);
    await cache.clear();
    await cache.set("k1", 1);
    for (let n = 0; n < 5; n += 1) await turn();

    expect(cache.stats()).toMatchObject({ entries: 1, invalidations: 2_500 });
    cache.shrink(0);
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });
});
