import { createQueryLog } from "@atlas/storage/optimizer";
import { createQueryOptimizer, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { openLibrary, rowsOf } from "./library.ts";

describe("D2: maintain", () => {
  test("collects missing statistics at the first call and then at intervals", async () => {
    await using library = await openLibrary();
    let now = 0;
    const options = { clock: () => now, maintainIntervalMs: 60_000 };
    using optimizer = createQueryOptimizer(library.database, options);

    const first = await optimizer.maintain();
    expect(first).toMatchObject({ ran: true, reason: "first" });
    expect(first.statements.toSorted()).toEqual(
      ["author", "book", "loan"].map((table) => `ANALYZE "main"."${table}"`),
    );
    now = 59_999;
    expect(await optimizer.maintain()).toEqual({
      ran: false,
      reason: "not due",
      statements: [],
      durationMs: 0,
    });
    now = 60_000;
    expect(await optimizer.maintain()).toMatchObject({ reason: "interval", statements: [] });
  });

  test("looks earlier when the log shows many changed rows", async () => {
    await using library = await openLibrary();
    let now = 0;
    const queryLog = createQueryLog();
    using optimizer = createQueryOptimizer(library.database, { clock: () => now, queryLog });
    await optimizer.maintain();
    queryLog.statement("SELECT * FROM book").record(1, 1_000_000);
    now += 20_000;
    expect((await optimizer.maintain()).reason).toBe("not due");

    queryLog.statement("INSERT INTO author (name) VALUES (?)").record(1, 1_000_000);
    expect((await optimizer.maintain()).reason).toBe("not due");
    now += 20_000;
    expect((await optimizer.maintain()).reason).toBe("changes");
    queryLog.reset();
    now += 20_000;
    expect((await optimizer.maintain()).reason).toBe("not due");
  });

  // Goal: readers that were open before plan with the new statistics. Half of the data changes
  // so that another index becomes the better one.
  test("other connections plan with the new statistics at once", async () => {
    using directory = temporaryDirectory();
    await using writer = await openSqlite(directory.file("data.db"));
    await using reader = await openSqlite(directory.file("data.db"));
    const fill = (a: string, b: string): string =>
      `INSERT INTO t SELECT ${a}, ${b} FROM
        (WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 5000) SELECT n FROM n)`;
    await writer.write(async (connection) => {
      await connection.execute("CREATE TABLE t (a INTEGER, b INTEGER)");
      await connection.execute("CREATE INDEX ta ON t (a)");
      await connection.execute("CREATE INDEX tb ON t (b)");
      await connection.execute(fill("1", "n"));
      await connection.execute("ANALYZE");
    });
    const plan = async (spaces: string): Promise<string> => {
      // A statement that runs notices the change; EXPLAIN would not, and is prepared anew each time.
      await rowsOf(reader, "SELECT * FROM t WHERE a = ? AND b = ?", [1, 1]);
      const sql = `EXPLAIN QUERY PLAN ${spaces} SELECT * FROM t WHERE a = ? AND b = ?`;
      const [step] = await rowsOf(reader, sql, [1, 1]);
      return String(Object.values(step ?? {}).at(-1));
    };
    expect(await plan(" ")).toContain("INDEX tb");

    await writer.write(async (connection) => {
      await connection.execute("DELETE FROM t");
      for (let turn = 0; turn < 12; turn += 1) {
        await connection.execute(fill(`n + ${turn * 5_000}`, "1"));
      }
    });
    using optimizer = createQueryOptimizer(writer);
    expect((await optimizer.maintain()).statements).toEqual(['ANALYZE "main"."t"']);

    expect(await plan("  ")).toContain("INDEX ta");
  });

  test("goes through the transactions of whoever owns the writer", async () => {
    await using library = await openLibrary();
    const lease = await library.database.unsafeTakeWriter();
    using refused = createQueryOptimizer(library.database);
    await expect(refused.maintain()).rejects.toMatchObject({ code: "storage.writer_taken" });
    let writes = 0;
    using optimizer = createQueryOptimizer(library.database, {
      write: async (body) => {
        writes += 1;
        await lease.writer.tryBegin();
        const result = await body(lease.writer);
        await lease.writer.commit();
        return result;
      },
    });

    expect((await optimizer.maintain()).statements).toHaveLength(3);

    expect(writes).toBe(1);
    lease.release();
  });

  test("what failed is due again", async () => {
    await using library = await openLibrary();
    let fails = true;
    using optimizer = createQueryOptimizer(library.database, {
      write: async (body) => {
        if (fails) throw new Error("no");
        return library.database.write(body);
      },
    });
    await expect(optimizer.maintain()).rejects.toThrow("no");

    fails = false;

    expect((await optimizer.maintain()).reason).toBe("first");
  });
});
