import {
  createQueryLog,
  queryLogTextLengthMax,
  type QueryLogEntry,
} from "@atlas/storage/optimizer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openLibrary, rowsOf } from "./library.ts";

const only = (entries: readonly QueryLogEntry[]): QueryLogEntry => {
  expect(entries).toHaveLength(1);
  return entries[0]!;
};

describe("D2: the query log", () => {
  test.for([
    ["SELECT 'it''s', 1.5e-3, x'00ff', 0x1F, .5", "SELECT ?, ?, ?, ?, ?"],
    ['SELECT a1, "b 2", [c 3], `d 4` FROM t5', 'SELECT a1, "b 2", [c 3], `d 4` FROM t5'],
    ["SELECT *  -- all\n FROM t /* 7 */ WHERE a=?", "SELECT * FROM t WHERE a=?"],
    ["a IN (1, 'x', :y, ?) AND b in (1+2)", "a IN (?) AND b in (?+?)"],
    ["f(1, 2) <> -3 AND a->>'$.b' IS NOT NULL", "f(?, ?) <> -? AND a->>? IS NOT NULL"],
  ])("%s is normalised", ([sql, text]) => {
    const log = createQueryLog();
    log.statement(sql!).record(1, 1);

    expect(only(log.entries())).toMatchObject({ text, sql });
  });

  test("statements that differ in values only share one entry", () => {
    const log = createQueryLog();
    log.statement("SELECT * FROM t WHERE a = 1").record(2, 3);
    log.statement("SELECT * FROM t  WHERE a = 'x'").record(4, 5);

    expect(only(log.entries())).toMatchObject({ runs: 2, rows: 8, totalMs: 6, maxMs: 4 });
  });

  test("no value of a statement is in its text", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), (value) => {
        fc.pre(!value.includes("\0") && !"SELECT * FROM t WHERE a = ?".includes(value));
        const log = createQueryLog();
        log.statement(`SELECT * FROM t WHERE a = '${value.replaceAll("'", "''")}'`).record(1, 1);
        expect(only(log.entries()).text).toBe("SELECT * FROM t WHERE a = ?");
      }),
    );
  });

  test("quantiles are within a tenth of the truth", () => {
    const durations = fc.array(fc.double({ min: 0.0001, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(durations, (list) => {
        const log = createQueryLog();
        const statement = log.statement("SELECT 1");
        for (const duration of list) statement.record(duration, 0);
        const sorted = list.toSorted((a, b) => a - b);
        const { p50Ms, p99Ms, maxMs } = only(log.entries());

        for (const [share, found] of [
          [0.5, p50Ms],
          [0.99, p99Ms],
        ] as const) {
          const truth = sorted[Math.ceil(share * list.length) - 1]!;
          expect(Math.abs(found - truth) / truth).toBeLessThan(0.1);
        }
        expect(maxMs).toBe(sorted.at(-1));
      }),
    );
  });

  test("recording never throws, whatever the duration", () => {
    const log = createQueryLog();
    const statement = log.statement("SELECT 1");

    for (const odd of [0, -1, Number.NaN, Infinity, Number.MAX_VALUE]) statement.record(odd, 0);

    expect(only(log.entries()).runs).toBe(5);
  });

  test("when it is full, what took least time is left out and comes back when it takes more", () => {
    const log = createQueryLog({ statementsMax: 2 });
    const [a, b, c] = ["a", "b", "c"].map((name) => log.statement(`SELECT ${name}`));
    const kept = (): string[] => log.entries().map(({ text }) => text);
    a!.record(5, 1);
    b!.record(3, 1);

    c!.record(1, 1);
    expect(kept()).toEqual(["SELECT a", "SELECT b"]);
    c!.record(3, 1);
    expect(kept()).toEqual(["SELECT a", "SELECT c"]);
    b!.record(3, 1);
    expect(kept()).toEqual(["SELECT b", "SELECT a"]);
    expect(log.entries()[0]).toMatchObject({ runs: 2, totalMs: 6 });
  });

  test("after a reset statements that are still prepared begin again at nothing", () => {
    const log = createQueryLog();
    const [one, same] = [log.statement("SELECT 1"), log.statement("SELECT 2")];
    one.record(7, 7);
    log.reset();
    expect(log.entries()).toEqual([]);

    one.record(1, 2);
    same.record(2, 3);

    expect(only(log.entries())).toMatchObject({ runs: 2, rows: 5, totalMs: 3, maxMs: 2 });
  });

  test("statements of excessive length and those with strange placeholders do no harm", () => {
    const log = createQueryLog();
    log.statement(`SELECT ${"1, ".repeat(queryLogTextLengthMax)}1`).record(1, 1);
    log.statement("SELECT @x").record(1, 1);

    expect(log.entries().map(({ text }) => text)).toEqual(["SELECT @x"]);
  });

  test("unknown and impossible options are refused", () => {
    const misspelt: object = { statementMax: 1 };
    expect(() => createQueryLog(misspelt)).toThrow(/statementsMax/);
    expect(() => createQueryLog({ statementsMax: 0 })).toThrow(/1 to 100,?000|statementsMax/);
  });

  test("a database tells its log of every statement of every connection", async () => {
    const queryLog = createQueryLog();
    await using library = await openLibrary({ queryLog });
    queryLog.reset();
    await rowsOf(library.database, "SELECT id FROM author WHERE id < ?", [5]);
    await library.database.read((reader) =>
      reader.all({ sql: "SELECT id FROM author WHERE id < ?", params: [3] }),
    );
    await library.database.write((connection) =>
      connection.execute("UPDATE author SET name = ? WHERE id <= ?", ["x", 4]),
    );

    const found = new Map(queryLog.entries().map((entry) => [entry.text, entry]));
    expect(found.get("SELECT id FROM author WHERE id < ?")).toMatchObject({ runs: 2, rows: 6 });
    expect(found.get("UPDATE author SET name = ? WHERE id <= ?")).toMatchObject({ rows: 4 });
  });
});
