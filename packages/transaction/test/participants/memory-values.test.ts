import { createMemoryMap, createMemoryValue } from "@atlas/transaction/participants";
import { describe, expect, test } from "vitest";
import { codeOf, openMemory } from "./open-memory.ts";

/** So many objects within each other. */
function nested(depth: number): object {
  let value: object = {};
  for (let more = 1; more < depth; more += 1) value = { value };
  return value;
}

describe("values are never shared such that they could be changed", () => {
  test("they go in as copies and come out frozen", async () => {
    await using setup = await openMemory();
    const map = createMemoryMap<string, { list: { n: number }[] }>(setup.manager);
    const mine = { list: [{ n: 1 }] };

    await setup.manager.atomic(() => map.set("a", mine));
    mine.list[0]!.n = 2;
    const theirs = map.get("a");

    expect(theirs).toEqual({ list: [{ n: 1 }] });
    expect(() => (theirs!.list[0]!.n = 3)).toThrow(TypeError);
    expect(() => theirs!.list.push({ n: 4 })).toThrow(TypeError);
  });

  test("a value that holds itself stays one, and no name of a member is special", async () => {
    await using setup = await openMemory();
    const map = createMemoryMap<string, Record<string, unknown>>(setup.manager);
    const value: Record<string, unknown> = { ["__proto__"]: 1, text: "a" };
    value["self"] = value;

    await setup.manager.atomic(() => map.set("a", value));

    const kept = map.get("a")!;
    expect(kept["self"]).toBe(kept);
    expect(kept["text"]).toBe("a");
  });

  test.each([
    ["a date", new Date(0)],
    ["bytes", new Uint8Array(1)],
    ["a function", () => 1],
    ["an instance of a class", new (class Point {})()],
    ["something of these inside", { deep: [new Map()] }],
    ["a name that is a symbol", { [Symbol("name")]: 1 }],
    ["what is nested too deep", nested(501)],
  ])("%s cannot be kept", async (_, value) => {
    await using setup = await openMemory();
    const map = createMemoryMap<string, unknown>(setup.manager);

    const setting = setup.manager.atomic(() => map.set("a", value));

    await expect(setting).rejects.toMatchObject({ code: "transaction.value_unsupported" });
    expect(map.size).toBe(0);
    await setup.manager.atomic(() => map.set("deep", nested(500)));
  });
});

describe("limits and refusals", () => {
  test("a map holds up to sizeMax keys, counting those that are not committed", async () => {
    await using setup = await openMemory();
    const map = createMemoryMap<number, number>(setup.manager, { sizeMax: 3 });

    const tooMany = setup.manager.atomic(() => {
      for (let i = 0; i < 4; i += 1) map.set(i, i);
    });
    await expect(tooMany).rejects.toMatchObject({ code: "transaction.participant_full" });
    await setup.manager.atomic(() => {
      for (let i = 0; i < 3; i += 1) map.set(i, i);
      map.set(0, 9);
      map.delete(1);
      map.set(5, 5);
    });

    expect(map.size).toBe(3);
    expect(codeOf(() => map.reset([0, 1, 2, 3].map((n) => [n, n] as const)))).toBe(
      "transaction.participant_full",
    );
  });

  test("changes belong inside a transaction, a reset outside, and options are checked", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;

    expect(codeOf(() => map.set("a", 1))).toBe("transaction.required");
    expect(codeOf(() => map.delete("a"))).toBe("transaction.required");
    await manager.atomic(() => {
      expect(codeOf(() => map.reset([]))).toBe("transaction.already_active");
    });
    expect(codeOf(() => createMemoryMap(manager, { sizeMax: 0 }))).toBe(
      "configuration.invalid_option",
    );
  });

  test("work that outlives its transaction is refused", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;
    let late: Promise<unknown> | undefined;

    await manager.atomic(() => {
      late = new Promise(setImmediate).then(() => codeOf(() => map.set("a", 1)));
    });

    expect(await late).toBe("transaction.closed");
  });

  test("one value works as a map of one", async () => {
    await using setup = await openMemory();
    const value = createMemoryValue<number | undefined>(setup.manager, 1);

    await setup.manager.atomic(() => value.set(undefined));
    expect(value.get()).toBeUndefined();
    value.reset(7);
    await setup.manager
      .atomic(() => {
        value.set(8);
        throw new Error("no");
      })
      .catch(() => undefined);

    expect(value.get()).toBe(7);
  });
});
