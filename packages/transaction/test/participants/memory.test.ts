import { AtlasError } from "@atlas/errors";
import { sqlQuery } from "@atlas/storage";
import { createMemoryMap, type MemoryMap } from "@atlas/transaction/participants";
import { describe, expect, test } from "vitest";
import { codeOf, openMemory } from "./open-memory.ts";

const insert = sqlQuery<never, { name: string }>("INSERT INTO items VALUES (:name)");
const add = (map: MemoryMap<string, number>, key: string, sum = 1): void =>
  map.set(key, (map.get(key) ?? 0) + sum);
describe("T3: values in memory change with the database", () => {
  test("inside their own changes are seen, outside only what is committed", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;
    let outside: unknown;

    await manager.atomic(async () => {
      map.set("a", 1);
      map.set("b", 2);
      expect(map.delete("b")).toBe(true);
      expect(map.delete("b")).toBe(false);
      expect([map.get("a"), map.has("a"), map.has("b"), map.size]).toEqual([1, true, false, 1]);
      expect(map.entries()).toEqual([["a", 1]]);
      outside = manager.runWithoutTransaction(() => [map.get("a"), map.size, map.entries()]);
    });

    expect(outside).toEqual([undefined, 0, []]);
    expect([map.get("a"), map.size]).toEqual([1, 1]);
  });

  test("a failing body, a nested failure and a savepoint undo the changes since", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;

    await expect(
      manager.atomic(() => {
        map.set("x", 1);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await manager.atomic(async (tx) => {
      map.set("a", 1);
      await tx.createSavepoint("here");
      map.set("a", 2);
      map.set("b", 2);
      await tx.rollbackTo("here");
      await manager
        .atomic(() => {
          map.delete("a");
          throw new Error("no");
        })
        .catch(() => undefined);
      expect(map.size).toBe(1);
    });

    expect(map.entries()).toEqual([["a", 1]]);
  });

  test("transactions that share a commit see each other's changes, and none is lost", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;

    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0
          ? manager.program(() => add(map, "n"))
          : manager.atomic(async () => {
              add(map, "n");
              await new Promise(setImmediate);
              if (i % 3 === 0) throw new Error("no");
            }),
      ),
    );

    const kept = outcomes.filter(({ status }) => status === "fulfilled").length;
    expect(kept).toBe(50);
    expect(map.get("n")).toBe(kept);
  });

  test("nobody outside sees a change before it is durable, also of a relaxed transaction", async () => {
    await using setup = await openMemory({ blockingSyncMaxMs: 0 });
    const { manager, map, control } = setup;
    const gate = Promise.withResolvers<void>();
    control.beforeSync = () => gate.promise;
    control.log.length = 0;

    const first = manager.program(() => add(map, "n"));
    const relaxed = manager.program(() => add(map, "n", 10), { durability: "relaxed" });
    while (!control.log.includes("sync begins")) await new Promise(setImmediate);
    const meanwhile = map.get("n");
    gate.resolve();
    await Promise.all([first, relaxed]);

    expect(meanwhile).toBeUndefined();
    expect(map.get("n")).toBe(11);
  });

  test("several maps change in one step", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;
    const other = createMemoryMap<string, number>(manager);
    const seen = new Set<string>();
    const watching = setInterval(() => seen.add(`${map.get("n")} ${other.get("n")}`), 0);

    for (let i = 0; i < 30; i += 1)
      await manager.atomic(() => {
        add(map, "n");
        add(other, "n");
      });
    clearInterval(watching);

    expect([...seen].filter((pair) => pair.split(" ")[0] !== pair.split(" ")[1])).toEqual([]);
  });

  test("a read-only transaction keeps what it first saw and cannot write", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;
    await manager.atomic(() => map.set("n", 1));

    await manager.atomic(
      async () => {
        expect(map.get("n")).toBe(1);
        await manager.runWithoutTransaction(() =>
          manager.atomic(() => {
            map.set("n", 2);
            map.set("m", 2);
          }),
        );
        expect([map.get("n"), map.has("m"), map.size]).toEqual([1, false, 1]);
        expect(map.entries()).toEqual([["n", 1]]);
        expect(codeOf(() => map.set("n", 3))).toBe("transaction.readonly");
      },
      { readonly: true },
    );

    expect(map.get("n")).toBe(2);
  });

  test("a commit that the database refuses leaves the values as they were", async () => {
    // On a clock that stands still both callers are in one group, however slow the machine is.
    await using setup = await openMemory({ monotonicClock: () => 0 });
    const { manager, map, control } = setup;
    await manager.atomic(() => map.set("n", 1));
    control.beforeCommit = () => {
      delete control.beforeCommit;
      throw new AtlasError("storage.constraint", "refused", { txState: "active" });
    };

    const both = await Promise.allSettled([
      manager.atomic(() => add(map, "n")),
      manager.atomic(() => add(map, "n")),
    ]);
    await manager.atomic(() => add(map, "n"));

    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(map.get("n")).toBe(2);
  });

  test("after an unknown outcome a map says nothing until it is reset", async () => {
    await using setup = await openMemory();
    const { manager, map, control } = setup;
    const untouched = createMemoryMap<string, number>(manager);
    control.beforeSync = () => {
      delete control.beforeSync;
      throw new Error("EIO");
    };

    const unknown = manager.atomic(() => {
      map.set("n", 1);
      untouched.get("n");
    });
    await expect(unknown).rejects.toMatchObject({ code: "transaction.outcome_unknown" });

    expect(codeOf(() => map.get("n"))).toBe("transaction.outcome_unknown");
    expect(untouched.size).toBe(0);
    map.reset([["n", 5]]);
    await manager.atomic(() => add(map, "n"));
    expect(map.get("n")).toBe(6);
  });

  test("a nested body that outlives its outermost one leaves nothing behind", async () => {
    await using setup = await openMemory();
    const { manager, map } = setup;
    const woken = Promise.withResolvers<void>();
    let nested: Promise<unknown> | undefined;

    const slow = manager.atomic(
      async () => {
        map.set("n", 1);
        nested = manager.atomic(async () => {
          map.set("n", 2);
          map.set("n", 3);
          await woken.promise;
          throw new Error("late");
        });
        nested.catch(() => undefined);
        await nested;
      },
      { holdTimeoutMs: 20 },
    );
    await expect(slow).rejects.toMatchObject({ code: "transaction.timeout" });
    woken.resolve();
    await expect(nested).rejects.toThrow("late");

    await manager.atomic(() => expect(map.entries()).toEqual([]));
    expect(map.size).toBe(0);
  });

  test("when the database gives up everything, so do the values of every member", async () => {
    await using setup = await openMemory({ monotonicClock: () => 0 });
    const { manager, map } = setup;

    await Promise.allSettled([
      manager.program(() => add(map, "n")),
      manager.program((connection) => {
        add(map, "n");
        connection.run(insert, { name: "a" });
        connection.execute("INSERT OR ROLLBACK INTO items VALUES ('a')");
      }),
    ]);

    expect(map.size).toBe(0);
    await manager.atomic(() => expect(map.size).toBe(0));
  });
});
