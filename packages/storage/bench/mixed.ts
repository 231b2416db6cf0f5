/**
 * Nine reads to one write, of keys drawn from a zipf distribution (s = 1) over
 * 100,000 rows: through the query cache, against the same reads without it.
 * Each side has a file of its own and the same sequence of keys; writes are
 * acknowledged without a sync, which would hide what reads cost.
 *
 * Prints one JSON line per case; `--case <name>` runs one. `hitRate` is that of
 * the measured part: before it, each side runs `warmUp` operations.
 */
import { parseArgs } from "node:util";
import { from, param, type Query, updateTable } from "@atlas/storage";
import { createCacheManager, createQueryCache, type QueryCacheOptions } from "@atlas/storage/cache";
import type { SqliteStore } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { compare, type Operation, type Pace } from "./support/interleaved.ts";
import { fill, rowCount, tasks } from "./support/sample.ts";
import { zipfKeys } from "./zipf.ts";

interface Case {
  readonly name: string;
  /** Rows that one read returns; 1 for a row by its key. */
  readonly rows: number;
  readonly options: Pick<QueryCacheOptions, "followRows" | "otherWriters">;
}

const followRows = { tasks: ["id", "parent"] };

const cases: readonly Case[] = [
  { name: "mixed-cache", rows: 1, options: { followRows } },
  { name: "mixed-cache-alone", rows: 1, options: { followRows, otherWriters: "excluded" } },
  { name: "mixed-cache-lists", rows: 20, options: { followRows } },
  { name: "mixed-cache-tables", rows: 1, options: {} },
];

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
const pace: Pace = { rounds: 40, roundMs: 50, loopLength: 500 };
const budgetBytes = 64 * 1024 ** 2;
const warmUp = 400_000;
const keys = zipfKeys({ count: 2 ** 20, keys: rowCount, seed: 42 });

const columns = ["id", "name", "status", "priority", "description", "updated_at"] as const;
const byId = from(tasks)
  .select(...columns)
  .where("id", "eq", param("key"))
  .build();
const byParent: Query<{ id: number; name: string }, { key: number }> = {
  sql: "select id, name from tasks where parent = ? order by updated_at desc",
  params: [{ placeholder: "key" }],
};
const update = updateTable(tasks)
  .set({ updated_at: param("at") })
  .where("id", "eq", param("key"))
  .build();

for (const one of cases) {
  if (given.case !== undefined && given.case !== one.name) continue;
  await run(one);
}

async function run({ name, rows, options }: Case): Promise<void> {
  await using cached = await openTemporaryDatabase({ durability: "relaxed" });
  await using plain = await openTemporaryDatabase({ durability: "relaxed" });
  for (const { database } of [cached, plain]) await fillWithParents(database);
  const cache = createCacheManager({ budgetBytes });
  using queries = createQueryCache({ database: cached.database, cache, ...options });
  const through = { get: queries.get.bind(queries), all: queries.all.bind(queries) };
  const atlas = operation(cached.database, through, rows);
  const peer = operation(plain.database, plain.database, rows);
  for (let n = 0; n < warmUp; n += 1) await atlas(n);
  for (let n = 0; n < warmUp / 8; n += 1) await peer(n);
  const before = cache.stats();
  const result = await compare(atlas, peer, pace);
  const after = cache.stats();
  const [hits, misses] = [after.hits - before.hits, after.misses - before.misses];
  const line = {
    bench: "storage",
    case: name,
    atlas: Math.round(result.atlas),
    peer: Math.round(result.peer),
    peerName: "the same without a cache",
    unit: "ops/s",
    ratio: Number(result.ratio.toFixed(3)),
    hitRate: Number((hits / (hits + misses)).toFixed(3)),
    cacheMib: Number((after.bytes / 1024 ** 2).toFixed(1)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Every tenth operation writes; the others read one row, or the rows of one parent. */
function operation(
  database: SqliteStore,
  reader: {
    get(query: typeof byId, values: { key: number }): Promise<unknown>;
    all(query: typeof byParent, values: { key: number }): Promise<unknown>;
  },
  rows: number,
): Operation {
  let n = 0;
  return () => {
    n += 1;
    const key = keys[n & (keys.length - 1)]!;
    if (n % 10 === 0) return database.write((connection) => connection.run(update, { key, at: n }));
    return rows === 1
      ? reader.get(byId, { key })
      : reader.all(byParent, { key: key % (rowCount / rows) });
  };
}

async function fillWithParents(database: SqliteStore): Promise<void> {
  await fill(database);
  await database.write(async (connection) => {
    await connection.execute("alter table tasks add column parent integer");
    await connection.execute(`update tasks set parent = id % ${rowCount / 20}`);
    await connection.execute("create index tasks_parent on tasks (parent)");
  });
}
