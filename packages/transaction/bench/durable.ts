/**
 * Durable transactions per second, two inserts and an update each, by 1 to 256
 * callers: Atlas against better-sqlite3 with synchronous=FULL, one by one.
 * Both sides run in turn in this process; the medians of the rounds count.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import Sqlite from "better-sqlite3";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "800" },
  },
});
const roundCount = Number(flags.rounds);
const roundMs = Number(flags.ms);

const schema = `
  CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER NOT NULL) STRICT;
  CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE TABLE c (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;
  INSERT INTO c VALUES (1, 0);`;
const insertA = "INSERT INTO a (name, n) VALUES (?, ?)";
const insertB = "INSERT INTO b (name) VALUES (?)";
const updateC = "UPDATE c SET n = n + 1 WHERE id = 1";

interface Side {
  /** Runs `callers` loops for `roundMs` and answers transactions per second. */
  readonly round: (callers: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

async function openAtlas(directory: string): Promise<Side> {
  const database = await openSqlite(join(directory, "atlas.db"));
  const manager = await createTransactionManager(database);
  const { connection } = manager;
  for (const text of schema.split(";").filter((part) => part.trim() !== ""))
    await connection.execute(text);
  const a = sqlQuery<never, { name: string; n: number }>(
    "INSERT INTO a (name, n) VALUES (:name, :n)",
  );
  const b = sqlQuery<never, { name: string }>("INSERT INTO b (name) VALUES (:name)");
  const c = sqlQuery<never>(updateC);
  let name = 0;
  const once = (): Promise<unknown> =>
    manager.program((sync) => {
      name += 1;
      sync.run(a, { name: `task ${name}`, n: name });
      sync.run(b, { name: `note ${name}` });
      sync.run(c);
    });
  return {
    round: (callers) => closedLoop(callers, once),
    close: async () => {
      await manager.close();
      await database.close();
    },
  };
}

async function openRaw(directory: string): Promise<Side> {
  const database = new Sqlite(join(directory, "raw.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(schema);
  const [a, b, c] = [insertA, insertB, updateC].map((text) => database.prepare(text));
  let name = 0;
  const once = database.transaction(() => {
    name += 1;
    a?.run(`task ${name}`, name);
    b?.run(`note ${name}`);
    c?.run();
  }).immediate;
  return {
    round: (callers) => closedLoop(callers, async () => once()),
    close: async () => void database.close(),
  };
}

async function closedLoop(callers: number, once: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - start < roundMs) {
      await once();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, loop));
  return (count / (performance.now() - start)) * 1000;
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
const sides = [await openAtlas(directory), await openRaw(directory)] as const;
for (const callers of [1, 8, 64, 256]) {
  const name = `durable-${callers}`;
  if (flags.case !== undefined && flags.case !== name) continue;
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round <= roundCount; round += 1)
    for (const [side, { round: run }] of sides.entries()) {
      const rate = await run(callers);
      // The first round warms up.
      if (round > 0) rates[side === 0 ? 0 : 1].push(rate);
    }
  const [atlas, peer] = rates.map(median) as [number, number];
  process.stdout.write(
    `${JSON.stringify({
      bench: "transaction",
      case: name,
      atlas: Math.round(atlas),
      peer: Math.round(peer),
      peerName: "better-sqlite3 FULL",
      unit: "tx/s",
      ratio: Number((atlas / peer).toFixed(2)),
    })}\n`,
  );
}
for (const side of sides) await side.close();
rmSync(directory, { recursive: true });
