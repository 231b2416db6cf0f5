import assert from "node:assert/strict";
import type { SecondLevelCache } from "../cache/second-level-cache.ts";

/** One empty second level that several clients share. */
export interface SecondLevelBench extends AsyncDisposable {
  /** Another client of the same store. */
  connect(): Promise<SecondLevelCache>;
  /** Lets so many milliseconds pass for it, really or by its clock. */
  advance(ms: number): Promise<void>;
}

/** Opens an empty second level; the rule closes it. */
export type OpenSecondLevel = () => Promise<SecondLevelBench>;

/** One promise that every `SecondLevelCache` keeps. */
export interface SecondLevelRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects when the promise is broken. */
  readonly check: (open: OpenSecondLevel) => Promise<void>;
}

/** What every second level promises. */
export const secondLevelRules: readonly SecondLevelRule[] = [
  {
    name: "what was set is answered to every client, equal and with its tags",
    async check(open) {
      await using bench = await open();
      const [one, two] = [await bench.connect(), await bench.connect()];
      const value = { name: "a", list: [1, null, { deep: true }] };

      await put(one, "k", { value, tags: ["t"] });
      const answer = await two.get("k", ["t"]);

      assert.equal(answer.found, true);
      assert.deepEqual(answer.found && answer.value, value);
      assert.deepEqual(answer.found && answer.tags, ["t"]);
      assert.equal(await has(two, "other"), false);
    },
  },
  {
    name: "a value is not shared with who set it or got it",
    async check(open) {
      await using bench = await open();
      const level = await bench.connect();
      const value = { list: [1] };
      await put(level, "k", { value });

      value.list.push(2);
      const first = await level.get("k", []);
      if (first.found) (first.value as { list: number[] }).list.push(3);
      const second = await level.get("k", []);

      assert.deepEqual(second.found && second.value, { list: [1] });
    },
  },
  {
    name: "an entry ends with its time, and says how much is left",
    async check(open) {
      await using bench = await open();
      const level = await bench.connect();
      await put(level, "k", { ttlMs: 2_000 });

      const answer = await level.get("k", []);
      assert.ok(answer.found && answer.ttlMs !== undefined);
      assert.ok(answer.ttlMs > 0 && answer.ttlMs <= 2_000);
      await bench.advance(2_100);

      assert.equal(await has(level, "k"), false);
    },
  },
  {
    name: "a tag drops the entries that carry it, for every client, and no others",
    async check(open) {
      await using bench = await open();
      const [one, two] = [await bench.connect(), await bench.connect()];
      await put(one, "both", { tags: ["a", "b"] });
      await put(one, "b", { tags: ["b"] });
      await put(one, "none", {});

      await two.invalidateTags(["a", "unknown"]);

      assert.deepEqual(await kept(one, ["both", "b", "none"]), ["b", "none"]);
    },
  },
  {
    name: "a pattern drops the keys that match; only the star has a meaning",
    async check(open) {
      await using bench = await open();
      const level = await bench.connect();
      const keys = ["task:1:name", "task:1:x:name", "task:1", "a[b]?.c", "axb", "a\\*"];
      for (const key of keys) await put(level, key, {});

      await level.invalidate("task:*:name");
      await level.invalidate("a[b]?.*");
      assert.deepEqual(await kept(level, keys), ["task:1", "axb", "a\\*"]);
      await level.invalidate("task:*");
      await level.invalidate("ax");

      assert.deepEqual(await kept(level, keys), ["axb", "a\\*"]);
    },
  },
  {
    name: "delete takes a key literally, and clear takes everything",
    async check(open) {
      await using bench = await open();
      const level = await bench.connect();
      for (const key of ["a*", "ab"]) await put(level, key, { tags: ["t"] });

      await level.delete("a*");
      assert.deepEqual(await kept(level, ["a*", "ab"]), ["ab"]);
      await level.clear();

      assert.deepEqual(await kept(level, ["a*", "ab"]), []);
    },
  },
  ...(["delete", "pattern", "tag", "clear"] as const).map((way) => ({
    name: `what was loaded before an invalidation is not kept after it: ${way}`,
    async check(open: OpenSecondLevel) {
      await using bench = await open();
      const [loader, other] = [await bench.connect(), await bench.connect()];
      const answer = await loader.get("k:1", ["a", "b"]);
      assert.ok(!answer.found);

      if (way === "delete") await other.delete("k:1");
      else if (way === "pattern") await other.invalidate("k:*");
      else if (way === "tag") await other.invalidateTags(["b"]);
      else await other.clear();
      await loader.set("k:1", "old", { ticket: answer.ticket, tags: ["a", "b"] });

      assert.equal(await has(other, "k:1"), false);
      await put(loader, "k:1", { value: "new", tags: ["a", "b"] });
      assert.equal(await has(other, "k:1"), true);
    },
  })),
  {
    name: "what is invalidated elsewhere does not keep a loaded value out",
    async check(open) {
      await using bench = await open();
      const level = await bench.connect();
      const answer = await level.get("k", ["a"]);
      assert.ok(!answer.found);

      await level.invalidateTags(["b"]);
      await level.delete("other");
      await level.set("k", 1, { ticket: answer.ticket, tags: ["a"] });

      assert.equal(await has(level, "k"), true);
    },
  },
];

async function put(
  level: SecondLevelCache,
  key: string,
  { value = 1 as unknown, tags = [] as readonly string[], ttlMs = 0 },
): Promise<void> {
  const answer = await level.get(key, tags);
  assert.ok(!answer.found);
  const { ticket } = answer;
  await level.set(key, value, { ticket, tags, ...(ttlMs === 0 ? {} : { ttlMs }) });
}

async function has(level: SecondLevelCache, key: string): Promise<boolean> {
  return (await level.get(key, [])).found;
}

async function kept(level: SecondLevelCache, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) if (await has(level, key)) found.push(key);
  return found;
}
