/**
 * 20,000 records through `saveMany` of `@atlas/engine` in calls of 1,000: schema, a
 * rule that reads, an index, full-text search and change log, durable; against better-sqlite3 that inserts the very rows that came of it into the
 * same tables with the same indexes and triggers in one transaction.
 *
 * Prints one JSON line per mode; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import {
  defineCollection,
  openEngine,
  type RuleContext,
  type SaveManyOptions,
} from "@atlas/engine";
import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { defineRule } from "@atlas/validation";
import { z } from "zod";
import { median } from "../support/median.ts";
import { replayRows } from "../support/replay-rows.ts";

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
const [count, callSize, shelfCount, rounds] = [20_000, 1_000, 50, 5];
const tables = { shelf: "", book: "", atlas_change: "ORDER BY sequence" };
const shelves = defineCollection({
  name: "shelf",
  key: "id",
  schema: z.strictObject({ id: z.string(), name: z.string() }),
});
const bookSchema = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  shelf_id: z.string(),
  pages: z.int().positive(),
  tags: z.array(z.string()),
});
const selectShelves = sqlQuery<{ id: string }>("SELECT id FROM shelf");
const shelfExists = defineRule({
  code: "book.shelf_missing",
  message: "The shelf does not exist.",
  fields: ["shelf_id"],
  load: async (_books: readonly z.output<typeof bookSchema>[], { connection }: RuleContext) =>
    new Set((await connection.all(selectShelves)).map(({ id }) => id)),
  check: ({ shelf_id }, known) => known.has(shelf_id),
});
const books = defineCollection({
  name: "book",
  key: "id",
  version: "version",
  schema: bookSchema,
  indexes: [{ kind: "secondary", name: "book_shelf", on: ["shelf_id"] }],
  search: { title: 1 },
  rules: [shelfExists],
});
const shelfRecords = Array.from({ length: shelfCount }, (_, at) => ({
  id: `s${at}`,
  name: `Shelf ${at}`,
}));
const records = Array.from({ length: count }, (_, at) => ({
  id: `b${at}`,
  title: `The book of ${at} and ${(at * 7) % 100}`,
  shelf_id: `s${at % shelfCount}`,
  pages: 1 + (at % 500),
  tags: ["lent", `tag-${at % 10}`],
}));

for (const mode of ["all-or-nothing", "item-by-item"] as const) {
  const name = `save-many-${mode}`;
  if (given.case === undefined || given.case === name) await run(name, mode);
}

async function run(name: string, mode: NonNullable<SaveManyOptions["mode"]>): Promise<void> {
  const results: { readonly atlas: number; readonly peer: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    await using temporary = await openTemporaryDatabase();
    const { database, path } = temporary;
    await using transactions = await createTransactionManager(database);
    await using engine = await openEngine({
      database,
      transactions,
      collections: [books, shelves],
    });
    await engine.collection(shelves).saveMany(shelfRecords);
    const startedAt = performance.now();
    for (let at = 0; at < count; at += callSize) {
      const { ok } = await engine
        .collection(books)
        .saveMany(records.slice(at, at + callSize), { mode });
      if (!ok) throw new Error("A record was refused.");
    }
    const atlas = performance.now() - startedAt;
    const peer = replayRows(path, tables);
    if (round >= 0) results.push({ atlas, peer });
  }
  const line = {
    bench: "batch",
    case: name,
    atlas: Math.round(median(results.map((result) => result.atlas))),
    peer: Math.round(median(results.map((result) => result.peer))),
    peerName: "better-sqlite3, the same rows in one transaction",
    unit: "ms",
    ratio: Number(median(results.map((result) => result.atlas / result.peer)).toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
