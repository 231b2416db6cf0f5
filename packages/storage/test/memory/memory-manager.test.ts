import { setTimeout as sleep } from "node:timers/promises";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  cacheConsumer,
  createCacheManager,
  createMemoryManager,
  type MemoryConsumer,
  type MemoryEvent,
  type MemoryReading,
  readMemory,
} from "@atlas/storage/cache";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const mebibyte = 1024 ** 2;

function consumer(name: string, weight = 1, bytesMax?: number) {
  const calls: string[] = [];
  const made: MemoryConsumer = {
    name,
    weight,
    ...(bytesMax === undefined ? {} : { bytesMax }),
    bytes: () => 0,
    shrink: (bytes) => void calls.push(`shrink ${bytes}`),
    grow: (bytes) => void calls.push(`grow ${bytes}`),
  };
  return { ...made, calls };
}

function reading(used: number): MemoryReading {
  return {
    residentBytes: 1,
    heapUsedBytes: 1,
    heapLimitBytes: 1_000,
    machineBytes: 1_000,
    group: { limitBytes: 100 * mebibyte, usedBytes: used * mebibyte },
  };
}

describe("D9: the budget", () => {
  test("is a quarter of what the group allows, divided by weight", () => {
    const [one, two] = [consumer("one"), consumer("two", 3)];
    using manager = createMemoryManager({
      consumers: [one, two],
      read: () => ({ ...reading(10), machineBytes: 1_000 * mebibyte }),
      everyMs: 0,
    });

    expect(manager.status()).toMatchObject({
      budgetBytes: 25 * mebibyte,
      pressure: "low",
      used: 0.1,
      consumers: [
        { name: "one", limitBytes: 6.25 * mebibyte },
        { name: "two", limitBytes: 18.75 * mebibyte },
      ],
    });
  });

  test("what one cannot use goes to the others", () => {
    const limits = (budgetBytes: number): number[] => {
      const consumers = [consumer("a", 1, 1_000_000), consumer("b"), consumer("c", 2, 4_000_000)];
      using manager = createMemoryManager({ consumers, budgetBytes, everyMs: 0 });
      return manager.status().consumers.map(({ limitBytes }) => limitBytes);
    };

    expect(limits(10_000_000)).toEqual([1_000_000, 5_000_000, 4_000_000]);
    expect(limits(2_000_000)).toEqual([500_000, 500_000, 1_000_000]);
  });

  test("consumers without a name of their own or a weight are refused", () => {
    for (const consumers of [
      [consumer("a"), consumer("a")],
      [consumer("a", 0)],
      [consumer("a", Number.NaN)],
    ]) {
      expect(() => createMemoryManager({ consumers })).toThrow(
        expect.objectContaining({ code: "configuration.invalid_option" }),
      );
    }
  });
});

describe("D7 D9: pressure", () => {
  test("takes memory at once, gives it back step by step, and does not swing", () => {
    let used = 10;
    const events: MemoryEvent[] = [];
    const cache = consumer("cache");
    using manager = createMemoryManager({
      consumers: [cache],
      budgetBytes: 8 * mebibyte,
      read: () => ({ ...reading(used), machineBytes: 1_000 * mebibyte }),
      everyMs: 0,
      onEvent: (event) => events.push(event),
    });
    const seen = [76, 72, 69, 91, 86, 84, 69, 69, 69].map((percent) => {
      used = percent;
      const { pressure, consumers } = manager.check();
      return `${pressure} ${consumers[0]!.limitBytes / mebibyte}`;
    });

    expect(seen).toEqual([
      "medium 4",
      "medium 4",
      "low 8",
      "critical 1",
      "critical 1",
      "medium 2",
      "low 4",
      "low 8",
      "low 8",
    ]);
    expect(events.filter(({ type }) => type === "memory_pressure")).toHaveLength(5);
    expect(cache.calls.slice(2, 4)).toEqual(["shrink 4194304", "grow 4194304"]);
    expect(cache.calls.at(-1)).toBe("grow 8388608");
  });

  test.for([
    ["the heap", { heapUsedBytes: 950 }],
    ["the machine", { residentBytes: 950 }],
    ["the group", { group: { limitBytes: 100, usedBytes: 95 } }],
  ] as const)("%s alone makes it critical", ([, part]) => {
    const { group: _, ...calm } = reading(0);
    using manager = createMemoryManager({
      consumers: [],
      budgetBytes: mebibyte,
      read: () => ({ ...calm, ...part }),
      everyMs: 0,
    });

    expect(manager.status().pressure).toBe("critical");
  });

  test("a consumer that fails is reported and asked again; others are served", () => {
    let broken = true;
    const events: MemoryEvent[] = [];
    const failing: MemoryConsumer = {
      ...consumer("failing"),
      shrink: () => {
        if (broken) throw new Error("no");
      },
    };
    using manager = createMemoryManager({
      consumers: [failing, consumer("other")],
      budgetBytes: 2 * mebibyte,
      everyMs: 0,
      onEvent: (event) => {
        events.push(event);
        throw new Error("observer");
      },
    });
    const limits = (): number[] =>
      manager.check().consumers.map(({ limitBytes }) => limitBytes / mebibyte);

    expect(limits()).toEqual([0, 1]);
    broken = false;
    expect(limits()).toEqual([1, 1]);
    expect(events.filter(({ type }) => type === "memory_consumer_failed")).toHaveLength(2);
  });

  test("a cache gives back what it holds, and fills again", async () => {
    let used = 10;
    const cache = createCacheManager({ budgetBytes: mebibyte });
    using manager = createMemoryManager({
      consumers: [cacheConsumer(cache)],
      budgetBytes: 4 * mebibyte,
      read: () => ({ ...reading(used), machineBytes: 1_000 * mebibyte }),
      everyMs: 0,
    });
    for (let n = 0; n < 9; n += 1) await cache.set(`k${n}`, n, { bytes: 100_000 });
    expect(cache.stats().limitBytes).toBe(mebibyte);

    used = 95;
    manager.check();

    expect(cache.stats()).toMatchObject({ limitBytes: mebibyte / 8, entries: 1 });
    used = 10;
    for (let n = 0; n < 3; n += 1) manager.check();
    expect(cache.stats().limitBytes).toBe(mebibyte);
  });

  test("it looks by itself until it is closed", async () => {
    let looks = 0;
    const manager = createMemoryManager({
      consumers: [],
      everyMs: 1,
      read: () => {
        looks += 1;
        return reading(10);
      },
    });
    while (looks < 4) await sleep(1);
    manager.close();
    manager[Symbol.dispose]();
    const last = looks;
    await sleep(20);

    expect(looks).toBe(last);
    expect(() => manager.check()).toThrow(expect.objectContaining({ code: "storage.closed" }));
  });
});

describe("D9: control groups", () => {
  function files(parts: Readonly<Record<string, string>>) {
    const directory = temporaryDirectory();
    for (const [name, text] of Object.entries(parts)) {
      mkdirSync(dirname(directory.file(name)), { recursive: true });
      writeFileSync(directory.file(name), text);
    }
    const paths = { mount: join(directory.path, "mount"), self: directory.file("self") };
    return { paths, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  }

  test.for([
    [
      "version 2: the tightest group counts, without what the kernel can drop",
      {
        self: "0::/a/b\n",
        "mount/a/memory.max": "1000\n",
        "mount/a/memory.current": "900\n",
        "mount/a/memory.stat": "anon 5\ninactive_file 100\n",
        "mount/a/b/memory.max": "max\n",
        "mount/a/b/memory.current": "900\n",
      },
      { limitBytes: 1_000, usedBytes: 800 },
    ],
    [
      "version 1, where the group is named from outside of the container",
      {
        self: "4:memory:/docker/0a:1\n0::/\n",
        "mount/memory/memory.limit_in_bytes": "2000\n",
        "mount/memory/memory.usage_in_bytes": "500\n",
        "mount/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 40\n",
      },
      { limitBytes: 2_000, usedBytes: 460 },
    ],
    [
      "version 1 without a limit",
      {
        self: "4:cpu,memory:/\n",
        "mount/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "mount/memory/memory.usage_in_bytes": "500\n",
      },
      undefined,
    ],
    ["no control groups", {}, undefined],
    ["a group without use", { self: "0::/\n", "mount/memory.max": "1000\n" }, undefined],
  ] as const)("%s", ([, parts, expected]) => {
    using written = files(parts);

    expect(readMemory(written.paths).group).toEqual(expected);
  });

  test("this process is read as it is", () => {
    const { residentBytes, heapUsedBytes, heapLimitBytes, machineBytes } = readMemory();

    expect(residentBytes).toBeGreaterThan(heapUsedBytes / 2);
    expect(heapLimitBytes).toBeGreaterThan(heapUsedBytes);
    expect(machineBytes).toBeGreaterThan(residentBytes);
  });
});
