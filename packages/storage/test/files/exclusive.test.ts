import { existsSync, readdirSync, statSync } from "node:fs";
import { count, deleteFrom, from, migrate } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { addCounter, counters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const files = createFileManager();
const total = from(counters).select({ n: count() }).build();
const inUse = { code: "storage.file_busy" };

describe("D9: a store for oneself", () => {
  test("cannot be opened or read by anybody, and is open again afterwards", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 10)).close();

    await files.exclusive(path, async (store) => {
      await using child = startChild("files-try-open.ts", path, "20");
      expect(await child.line()).toBe("storage.busy");
      await expect(openSqlite(path, { writeTimeoutMs: 20 })).rejects.toMatchObject({
        code: "storage.busy",
      });
      const stranger = new Driver(path, { timeout: 0 });
      expect(() => stranger.prepare("select * from counters").all()).toThrow(/locked/);
      stranger.close();
      await expect(files.exclusive(path, () => 0, { timeoutMs: 20 })).rejects.toMatchObject(inUse);
      expect(store.path).toBe(path);
      expect(await store.read((reader) => reader.get(total))).toEqual({ n: 10 });
    });

    await using database = await openSqlite(path);
    expect(await database.get(total)).toEqual({ n: 10 });
    expect(readdirSync(directory.path).filter((name) => !name.startsWith("data.db"))).toEqual([]);
  }, 30_000);

  test("is not given while somebody has it open", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const own = await openFilled(path, 10);
    let ran = false;
    const work = (): boolean => (ran = true);

    await expect(files.exclusive(path, work, { timeoutMs: 60_000 })).rejects.toMatchObject({
      ...inUse,
      details: { processes: [process.pid] },
    });
    await own.close();
    await using child = startChild("files-hold-open.ts", path);
    await child.line();
    await expect(files.exclusive(path, work, { timeoutMs: 20 })).rejects.toMatchObject(inUse);
    expect(ran).toBe(false);
    const waiting = files.exclusive(path, work, { timeoutMs: 30_000 });
    child.process.kill("SIGKILL");

    expect(await waiting).toBe(true);
  }, 30_000);

  // The holder dies in the middle of a write, so its log and an unfinished
  // transaction are left. Nobody has to clean up.
  test("ends with its process, and leaves what was acknowledged", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 10)).close();
    await using child = startChild("files-hold-exclusive.ts", path);
    expect(await child.line()).toBe("held");
    await expect(openSqlite(path, { writeTimeoutMs: 20 })).rejects.toMatchObject({
      code: "storage.busy",
    });
    const waiting = openSqlite(path, { writeTimeoutMs: 30_000 });

    child.process.kill("SIGKILL");

    await using database = await waiting;
    const names = await database.all<{ name: string }, object>({
      sql: "select name from sqlite_schema where name in ('acknowledged', 'unfinished')",
      params: [],
    });
    expect(names).toEqual([{ name: "acknowledged" }]);
    expect(await database.get(total)).toEqual({ n: 10 });
  }, 30_000);

  test("takes migrations, writes whole bodies only, and gives the free space back", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 5_000)).close();
    const before = statSync(path).size;

    await files.exclusive(path, async (store) => {
      const steps = [{ version: 1, name: "extra", up: ["create table extra (a integer) strict"] }];
      expect((await migrate(store, steps, { component: "extra" })).applied).toHaveLength(1);
      await expect(
        store.write(async (connection) => {
          await connection.run(addCounter, { writer: "w", number: 1, text: "" });
          throw new Error("no");
        }),
      ).rejects.toThrow("no");
      await store.write((connection) => connection.run(deleteFrom(counters).everywhere().build()));
      await store.vacuum();
    });

    expect(statSync(path).size).toBeLessThan(before / 5);
    expect(existsSync(`${path}-wal`)).toBe(false);
    await using database = await openSqlite(path);
    expect(await database.get(total)).toEqual({ n: 0 });
  });

  test("does one thing at a time, and nothing after the work", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 10)).close();

    const late = await files.exclusive(path, async (store) => {
      await store.write(async () => {
        const busy = { code: "storage.transaction_open" };
        await expect(store.read(() => 0)).rejects.toMatchObject(busy);
        await expect(store.vacuum()).rejects.toMatchObject(busy);
      });
      return store;
    });

    await expect(late.read(() => 0)).rejects.toMatchObject({ code: "storage.closed" });
  });

  test("work that fails gives the store back, and its error to the caller", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 10)).close();

    await expect(
      files.exclusive(path, () => {
        throw new Error("the work");
      }),
    ).rejects.toThrow("the work");

    await using database = await openSqlite(path, { writeTimeoutMs: 0 });
    expect(await database.get(total)).toEqual({ n: 10 });
  });

  test("of another program, or of nothing, is not given", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 10)).close();

    await expect(files.exclusive(path, () => 0, { applicationId: 5 })).rejects.toMatchObject({
      code: "storage.foreign_file",
    });
    await expect(files.exclusive(directory.file("no.db"), () => 0)).rejects.toMatchObject({
      code: "storage.file_not_found",
    });
    await expect(files.exclusive(path, () => 0, { timeout: 5 } as object)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
    expect(existsSync(directory.file("no.db"))).toBe(false);
  });
});
