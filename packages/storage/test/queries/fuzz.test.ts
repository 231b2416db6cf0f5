import { openTemporaryDatabase } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { notes, tasks } from "../fixtures/schema.ts";
import { dice, randomQuery, type RandomQuery } from "./random-query.ts";

// Goal: whatever strings, numbers and objects stand in every place of every
// builder, casts included, a query is refused by an error of the builder, or its
// text is made of words of the builder and quoted names of letters, digits and
// underscores, and SQLite can run it.

const words = new Set(
  (
    "ALL AND AS ASC AVG BETWEEN BIGINT BY CAST CONFLICT COUNT DELETE DESC DISTINCT DO DOUBLE " +
    "ESCAPE EXCLUDED EXISTS FIRST FROM GROUP HAVING IN INNER INSERT INTO IS JOIN JSON_EACH LAST " +
    "LEFT LIKE LIMIT MAX MIN NOT NOTHING NULL NULLS OFFSET ON OR ORDER PRECISION RECURSIVE " +
    "RETURNING RIGHT SELECT SET SUM TEXT UNION UPDATE VALUE VALUES WHERE WITH"
  ).split(" "),
);
const starts = ["SELECT", "WITH", "WITH RECURSIVE", "INSERT", "UPDATE", "DELETE"];
const parts = ["EXISTS", "HAVING", "JOIN", "DISTINCT", "BETWEEN", "NULLS", "UNION"];
const token = /"[A-Za-z][A-Za-z0-9_]{0,63}"|[A-Za-z_]+|'\\'|<>|<=|>=|[ .,()?=<>+*]|\b[01]\b|[^]/g;

/** What in a text is neither a word nor a sign of the builder nor a quoted name. */
function strangersIn(sql: string): readonly string[] {
  return Array.from(sql.matchAll(token), ([text]) => text).filter(
    (text) =>
      !/^"[A-Za-z][A-Za-z0-9_]*"$/.test(text) &&
      !/^(?:'\\'|<>|<=|>=|[ .,()?=<>+*]|[01])$/.test(text) &&
      !words.has(text.toUpperCase()),
  );
}

/** The query, or undefined when it is refused as it should be. */
function attempt(build: () => RandomQuery): RandomQuery | undefined {
  try {
    return build();
  } catch (error) {
    const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
    if (code === "storage.value_invalid") return undefined;
    if (code === "storage.query_invalid" && details !== undefined) return undefined;
    throw error;
  }
}

test("D1: no string of a caller reaches SQL text, and every query that can be built can run", async () => {
  await using temporary = await openTemporaryDatabase();
  const handle = new Driver(":memory:");
  for (const table of [tasks, notes]) {
    for (const sql of temporary.database.dialect.createTable(table)) handle.exec(sql);
  }
  const kinds = new Map<string, number>();
  let refused = 0;

  fc.assert(
    fc.property(dice, (given) => {
      const made = attempt(() => randomQuery(given));
      if (made === undefined) {
        refused += 1;
        return;
      }
      const { query } = made;
      expect(strangersIn(query.sql)).toEqual([]);
      if (!made.runs) return;
      const statement = handle.prepare(query.sql);
      if (query.batch !== undefined) handle.prepare(query.batch.sql);
      const values = query.params.map((value) =>
        typeof value === "object" && value !== null && "placeholder" in value ? 1 : value,
      );
      if (statement.readonly) statement.all(values);
      const kind = /^\w+(?: RECURSIVE)?/.exec(query.sql)![0];
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      for (const part of parts) {
        if (query.sql.includes(part)) kinds.set(part, (kinds.get(part) ?? 0) + 1);
      }
    }),
    { numRuns: 10_000 },
  );
  handle.close();

  // What was never built, or never refused, would prove nothing.
  expect(refused).toBeGreaterThan(100);
  const rare = [...starts, ...parts].filter((part) => (kinds.get(part) ?? 0) < 4);
  expect(rare).toEqual([]);
}, 60_000);
