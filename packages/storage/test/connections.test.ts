import { copyFileSync, renameSync, rmSync } from "node:fs";
import type { StorageEvent } from "@atlas/storage";
import { openSqlite, type OpenSqliteOptions } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const count = { sql: "select count(*) as n from item", params: [] };

async function open(options: OpenSqliteOptions = {}) {
  const events: StorageEvent[] = [];
  const directory = temporaryDirectory();
  const path = directory.file("data.db");
  const database = await openSqlite(path, {
    healthCheckMs: 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  await database.write((connection) => connection.execute("create table item (id integer)"));
  return {
    database,
    path,
    events,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      directory[Symbol.dispose]();
    },
  };
}

/** Another database of the same program, complete in one file, with so many items. */
async function prepared(path: string, items: number): Promise<void> {
  const database = await openSqlite(path);
  await database.write(async (connection) => {
    await connection.execute("create table item (id integer)");
    for (let id = 0; id < items; id += 1)
      await connection.execute("insert into item values (?)", [id]);
  });
  await database.close();
}

describe("D3: hooks", () => {
  test("tell the life of a reader", async () => {
    const told: string[] = [];
    await using store = await open({
      readerHooks: {
        created: (id) => told.push(`created ${id}`),
        acquired: (id) => told.push(`acquired ${id}`),
        released: (id, heldMs) => told.push(`released ${id} ${heldMs >= 0}`),
        retired: (id, reason) => told.push(`retired ${id} ${reason}`),
      },
    });
    told.length = 0;

    await store.database.read((reader) => reader.get(count));
    await store.database.close();

    expect(told).toEqual([
      "acquired reader-1",
      "released reader-1 true",
      "retired reader-1 closed",
    ]);
  });

  test("that throw disturb nobody", async () => {
    await using store = await open({
      readerHooks: {
        acquired: () => {
          throw new Error("hook");
        },
      },
    });

    expect(await store.database.read((reader) => reader.get(count))).toEqual({ n: 0 });
  });
});

describe("D4: what connections have done", () => {
  test("queries and errors are counted always, times and bytes when asked for", async () => {
    await using plain = await open({ onEvent: () => undefined, connectionMetrics: "full" });
    const { database } = plain;
    await database.write((connection) => connection.execute("insert into item values (1)"));
    const before = database.connections.getMetrics();

    await database.get({ sql: "select 'four' as a, 12 as b", params: [] });
    await database.get({ sql: "select nothing", params: [] }).catch(() => undefined);
    await database.read((reader) => reader.get(count));

    const after = database.connections.getMetrics();
    expect(after.queries - before.queries).toBe(3);
    expect(after.bytesTransferred - before.bytesTransferred).toBe(20);
    expect(after.busyMs).toBeGreaterThan(before.busyMs);
    expect(after.heldMs).toBeGreaterThan(before.heldMs);
    expect(after.latency.maxMs).toBeGreaterThanOrEqual(after.latency.meanMs);
  });

  test("every connection is listed with what it does", async () => {
    await using store = await open();
    using reader = await store.database.pool.acquire();

    const [writer, held] = store.database.connections.list();

    expect(writer).toMatchObject({ id: "writer", kind: "writer", state: "idle" });
    expect(held).toMatchObject({ id: reader.id, kind: "reader", state: "active" });
  });

  test("errors and counts of readers that are closed by now are kept", async () => {
    await using store = await open();
    const { database } = store;
    await database.write((connection) => connection.execute("create table u (id integer unique)"));
    await expect(
      database.write(async (connection) => {
        await connection.execute("insert into u values (1)");
        await connection.execute("insert into u values (1)");
      }),
    ).rejects.toMatchObject({ code: "storage.constraint" });
    await database.all(count);
    const before = database.connections.getMetrics();

    await database.connections.handleDisconnect();

    const after = database.connections.getMetrics();
    expect(after.errors).toBe(1);
    expect(after.queries).toBeGreaterThanOrEqual(before.queries);
  });
});

describe("D4: health", () => {
  test("nothing is reported of a sound database", async () => {
    await using store = await open();

    expect(await store.database.connections.checkHealth()).toEqual({ healthy: true, problems: [] });
    expect(store.events.map(({ type }) => type)).not.toContain("unhealthy");
  });

  test.runIf(process.platform !== "win32")(
    "a file that was replaced is noticed, and everything goes on with the new one",
    async () => {
      await using store = await open();
      const { database, path, events } = store;
      await database.write((connection) => connection.execute("insert into item values (1)"));
      await prepared(`${path}.new`, 3);
      await database.wal.cleanup();
      renameSync(`${path}.new`, path);

      const report = await database.connections.checkHealth();

      expect(report).toMatchObject({
        healthy: false,
        problems: [expect.stringContaining("replaced")],
      });
      expect(await database.get(count)).toEqual({ n: 3 });
      await database.write((connection) => connection.execute("insert into item values (9)"));
      expect(await database.read((reader) => reader.get(count))).toEqual({ n: 4 });
      expect(await database.connections.checkHealth()).toMatchObject({ healthy: true });
      const types = events.map(({ type }) => type);
      expect(types).toContain("unhealthy");
      expect(types).toContain("reopened");
    },
  );

  test.runIf(process.platform !== "win32")(
    "a file that was removed takes no writes, can be read, and serves again when one is there",
    async () => {
      await using store = await open();
      const { database, path } = store;
      await database.write((connection) => connection.execute("insert into item values (1)"));
      await database.wal.cleanup();
      copyFileSync(path, `${path}.kept`);
      rmSync(path);

      await expect(database.connections.checkHealth()).rejects.toMatchObject({
        code: "storage.file_not_found",
      });
      await expect(
        database.write((connection) => connection.execute("insert into item values (2)")),
      ).rejects.toMatchObject({ code: "storage.file_not_found" });
      expect(await database.get(count)).toEqual({ n: 1 });
      renameSync(`${path}.kept`, path);

      await database.write((connection) => connection.execute("insert into item values (2)"));
      expect(await database.get(count)).toEqual({ n: 2 });
    },
  );

  test.runIf(process.platform !== "win32")(
    "nothing is acknowledged into a file that was removed",
    async () => {
      let late = 0;
      await using store = await open({ clock: () => performance.now() + late });
      const { database, path } = store;
      await database.write((connection) => connection.execute("insert into item values (1)"));
      rmSync(path);
      // The files are compared with their paths about once a second.
      late = 2_000;

      const outcome = database.write((connection) =>
        connection.execute("insert into item values (2)"),
      );

      await expect(outcome).rejects.toMatchObject({ code: "storage.sync_failed" });
    },
  );

  test("the check runs by itself", async () => {
    await using store = await open({ healthCheckMs: 20 });
    const { database, path, events } = store;
    await prepared(`${path}.new`, 2);
    await database.wal.cleanup();
    renameSync(`${path}.new`, path);

    await expect.poll(() => events.map(({ type }) => type)).toContain("reopened");

    expect(await database.get(count)).toEqual({ n: 2 });
  });

  test("after a disconnect everything is opened anew, readers when they are needed", async () => {
    await using temporary = await openTemporaryDatabase({ healthCheckMs: 0 });
    const { database } = temporary;

    await database.connections.handleDisconnect();

    expect(database.connections.list()).toHaveLength(1);
    expect(await database.get({ sql: "select 1 as n", params: [] })).toEqual({ n: 1 });
    expect(database.connections.list()).toHaveLength(2);
  });
});
