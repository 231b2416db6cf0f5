import { sqlQuery } from "@atlas/storage";
import { databaseConsumer, openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";

const cacheSize = sqlQuery<{ cache_size: number }>("pragma cache_size");
const mebibyte = 1024 ** 2;

describe("D7: what bounds the memory of SQLite", () => {
  test("the heap limits of the shipped build are taken and not enforced", () => {
    const handle = new Driver(":memory:");
    const options = handle.pragma("compile_options") as { compile_options: string }[];
    expect(options.map((row) => row.compile_options)).toContain("DEFAULT_MEMSTATUS=0");
    expect(handle.pragma("soft_heap_limit = 1000000", { simple: true })).toBe(1_000_000);
    expect(handle.pragma("hard_heap_limit = 2000000", { simple: true })).toBe(2_000_000);

    const { n } = handle.prepare("select length(hex(zeroblob(20000000))) as n").get() as {
      n: number;
    };

    expect(n).toBe(40_000_000);
    handle.close();
  });

  test("the cache size does, and releaseMemory gives back what it holds", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("pages.db");
    await using database = await openSqlite(path, { durability: "relaxed" });
    await database.write(async (connection) => {
      await connection.execute("create table pages (id integer primary key, body blob)");
      await connection.execute(
        "insert into pages (body) with recursive n (i) as " +
          "(select 1 union all select i + 1 from n where i < 32000) select randomblob(1800) from n",
      );
    });
    await database.close();

    const grown = async (kib: number): Promise<{ grown: number; kept: number }> => {
      await using child = startChild("read-many-pages.ts", path, `${kib}`, "1000000");
      return JSON.parse(await child.line()) as { grown: number; kept: number };
    };
    const small = await grown(1_024);
    const large = await grown(262_144);

    expect(small.grown).toBeLessThan(16 * mebibyte);
    expect(large.grown).toBeGreaterThan(40 * mebibyte);
    expect(large.kept).toBeLessThan(large.grown);
  }, 30_000);

  test("a size is set for every open connection and those opened later", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    expect(database.cacheSizeKib).toBe(16_384);

    await database.read(async (open) => {
      database.setCacheSize(512);
      database.releaseMemory();
      expect(await open.get(cacheSize)).toEqual({ cache_size: -512 });
      expect(await database.get(cacheSize)).toEqual({ cache_size: -512 });
    });

    expect(database.cacheSizeKib).toBe(512);
    const written = await database.write((connection) => connection.get(cacheSize));
    expect(written).toEqual({ cache_size: -512 });
    expect(() => database.setCacheSize(63)).toThrow(
      expect.objectContaining({ code: "configuration.invalid_option" }),
    );
    await database.close();
    for (const use of [() => database.setCacheSize(512), () => database.releaseMemory()]) {
      expect(use).toThrow(expect.objectContaining({ code: "storage.closed" }));
    }
  });

  test("a consumer divides its bytes among the connections", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    const consumer = databaseConsumer(database);
    const connections = database.pool.status().total + 1;

    consumer.shrink(connections * 1_000 * 1024);
    expect([database.cacheSizeKib, consumer.bytes()]).toEqual([1_000, connections * 1_024_000]);
    consumer.grow(connections * 2_000 * 1024);
    expect(database.cacheSizeKib).toBe(2_000);
    consumer.shrink(0);

    expect(database.cacheSizeKib).toBe(64);
    expect(consumer).toMatchObject({ name: database.location, weight: 1 });
  });
});

describe("D7: page size", () => {
  const pageSize = sqlQuery<{ page_size: number }>("pragma page_size");

  test("a new file is made with it, and keeps it whatever is asked for later", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    for (const pageSizeBytes of [16_384, 4_096]) {
      await using database = await openSqlite(path, { pageSizeBytes });
      await database.write((connection) =>
        connection.execute("create table if not exists a (id integer)"),
      );
      expect(await database.get(pageSize)).toEqual({ page_size: 16_384 });
    }
    await using plain = await openTemporaryDatabase();

    expect(await plain.database.get(pageSize)).toEqual({ page_size: 4_096 });
  });

  test("a file with pages that is not yet in log mode keeps its size as well", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const handle = new Driver(path);
    handle.exec("pragma page_size = 1024; create table a (id integer)");
    handle.close();

    await using database = await openSqlite(path, { pageSizeBytes: 8_192 });

    expect(await database.get(pageSize)).toEqual({ page_size: 1_024 });
  });

  test.for([511, 1_000, 131_072])("%i bytes are refused", async (pageSizeBytes) => {
    using directory = temporaryDirectory();

    await expect(openSqlite(directory.file("a.db"), { pageSizeBytes })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
  });
});
