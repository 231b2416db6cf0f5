import { setTimeout as sleep } from "node:timers/promises";
import { sqlQuery } from "@atlas/storage";
import { openStorageModule, storageParts } from "@atlas/storage/module";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test, vi } from "vitest";
import { add, byName, names, openModule } from "./open-module.ts";

describe("D10: a storage module", () => {
  test("has every part but memory when nothing is said, and they work together", async () => {
    await using store = await openModule();
    const { module } = store;

    await module.transaction?.write((connection) => connection.run(add, { name: "a" }));
    expect(await module.cache?.queries.all(names)).toEqual([{ name: "a" }]);
    await module.transaction?.write((connection) => connection.run(add, { name: "b" }));

    // A commit drops what it changed from the cache.
    expect(await module.cache?.queries.all(names)).toEqual([{ name: "a" }, { name: "b" }]);
    expect(module.query?.log.entries().map(({ sql }) => sql)).toContain(names.sql);
    expect((await module.query?.optimizer.analyze(byName))?.steps[0]?.type).toBe("scan");
    expect(module.wal?.monitor().frames).toBeGreaterThan(0);
    expect(module.connection.pool.status().total).toBeGreaterThan(0);
    const backup = await module.files?.manager.backup(module.database, `${store.path}.copy`);
    expect(backup?.bytes).toBeGreaterThan(0);
    expect(module.error?.recent()).toEqual([]);
    expect(module.memory).toBeUndefined();
    expect(module.parts().map(({ part, enabled }) => [part, enabled])).toEqual(
      storageParts.map((part) => [part, part !== "memory"]),
    );
  });

  const optional = storageParts.filter((part) => part !== "connection");
  test.for(optional)("without %s does the rest", async (off) => {
    await using store = await openModule({ [off]: { enabled: false } });
    const { module } = store;

    await module.database.write((connection) => connection.run(add, { name: "a" }));

    expect(await module.database.all(names)).toEqual([{ name: "a" }]);
    expect(module[off]).toBeUndefined();
    const missing = optional.filter((part) => module[part] === undefined);
    expect(missing).toEqual(optional.filter((part) => part === off || part === "memory"));
  });

  test("divides memory among the page caches and the cache", async () => {
    await using store = await openModule({
      memory: { enabled: true, options: { budgetBytes: 32 * 1024 ** 2, everyMs: 0 } },
    });

    const consumers = store.module.memory?.status().consumers.map(({ name }) => name);

    expect(consumers).toEqual([store.path, "cache"]);
  });

  test("gives every part its options", async () => {
    await using store = await openModule({
      connection: { options: { readers: 2, pageSizeBytes: 8_192 } },
      transaction: { options: { durability: "relaxed" } },
      wal: { options: { walLimitBytes: 2 * 1024 ** 2 } },
      query: { options: { statementsMax: 1 } },
      cache: { options: { budgetBytes: 128 * 1024 } },
    });
    const { module, events } = store;
    await module.database.all(names);

    expect(await module.database.get(sqlQuery("pragma page_size"))).toEqual({ page_size: 8_192 });
    expect(module.cache?.entries.stats().budgetBytes).toBe(128 * 1024);
    expect(module.query?.log.entries()).toHaveLength(1);
    expect(events.map(({ type }) => type)).not.toContain("synced");
  });

  test("without its log part leaves the log to SQLite", async () => {
    await using store = await openModule({ wal: { enabled: false } });
    const { database } = store.module;
    const name = "x".repeat(3_000);

    for (let written = 0; written < 1_200; written += 1)
      await database.write((connection) => connection.run(add, { name }));
    await sleep(300);

    expect(store.events.map(({ type }) => type)).not.toContain("checkpointed");
    // More than 2,400 frames were written.
    expect(database.wal.monitor().frames).toBeLessThan(1_200);
  });
});

describe("D10: what runs by itself", () => {
  test("statistics are brought up to date, through whoever owns the writer", async () => {
    const writes: string[] = [];
    await using store = await openModule({
      query: { options: { maintainEveryMs: 1 } },
      transaction: {
        options: {
          write: (body) => {
            writes.push("maintained");
            return store.module.database.write(body);
          },
        },
      },
    });

    await vi.waitFor(() => expect(writes).not.toEqual([]));
  });

  test("an observer that throws does not end the process when maintenance fails", async () => {
    using directory = temporaryDirectory();
    let told = 0;
    const config = {
      query: { options: { maintainEveryMs: 1 } },
      transaction: { options: { write: () => Promise.reject(new Error("no writer")) } },
    };

    await using module = await openStorageModule(directory.file("data.db"), config, ({ type }) => {
      if (type === "maintenance_failed") told += 1;
      throw new Error("observer");
    });

    await vi.waitFor(() => expect(told).toBeGreaterThan(1));
    expect(module.error?.counts().get("maintenance_failed")).toBeGreaterThan(1);
  });

  test("nothing is written by a module that does not write", async () => {
    await using store = await openModule({
      query: { options: { maintainEveryMs: 1 } },
      transaction: { enabled: false },
    });
    await store.module.database.write((connection) =>
      connection.execute("create index n on items (name)"),
    );
    await sleep(30);

    const statistics = sqlQuery("select name from sqlite_schema where name like 'sqlite_stat%'");
    expect(await store.module.database.all(statistics)).toEqual([]);
  });

  test("faults of the background are kept, the newest ones, and counted", async () => {
    await using store = await openModule({
      error: { options: { faultsMax: 2 } },
      files: { options: { backups: { directory: "/nowhere/at/all", everyMs: 1_000, retryMs: 1 } } },
    });
    const { error } = store.module;

    await vi.waitFor(() => expect(error?.counts().get("backup_failed")).toBeGreaterThan(2));

    expect(error?.recent()).toHaveLength(2);
    expect(error?.recent()[0]).toMatchObject({
      type: "backup_failed",
      error: { code: expect.any(String) as string },
      at: expect.any(Number) as number,
    });
  });

  test("the disk of the database is watched", async () => {
    await using store = await openModule({
      files: { options: { disk: { ballastBytes: 0, everyMs: 5 } } },
    });

    await vi.waitFor(() => expect(store.module.files?.disk?.status?.freeBytes).toBeGreaterThan(0));
  });

  test("closing ends everything once and gives the file back", async () => {
    await using store = await openModule({
      memory: { enabled: true },
      files: { options: { disk: { ballastBytes: 0 } } },
    });

    await Promise.all([store.module.close(), store.module.close()]);

    expect(store.events.filter(({ type }) => type === "closed")).toHaveLength(1);
    await expect(store.module.database.all(names)).rejects.toMatchObject({
      code: "storage.closed",
    });
    await using again = await openSqlite(store.path);
    expect(await again.all(names)).toEqual([]);
  });
});
