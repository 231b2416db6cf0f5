/**
 * A scan of 2,000,000 rows while point reads go on: the longest time for which
 * the event loop did not run, and the 99th percentile of the point reads, with
 * the scan lane and with the same scan on this thread.
 *
 * Prints one JSON line per case; `--case <name>` runs one, `--rows <n>` scans fewer.
 */
import { parseArgs } from "node:util";
import { defineTable, from, param, sqlQuery, type Database } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";

const { values: flags } = parseArgs({
  options: { case: { type: "string" }, rows: { type: "string", default: "2000000" } },
});
const rowCount = Number(flags.rows);

const events = defineTable("events", {
  columns: { id: { type: "integer" }, kind: { type: "text" }, at: { type: "integer" } },
  primaryKey: ["id"],
});
const byId = from(events).select("id", "kind", "at").where("id", "eq", param("id")).build();
const everything = from(events).select("id", "kind", "at").build();
const summary = sqlQuery<{ kind: string; n: number }>(
  "SELECT kind, count(*) AS n, avg(at) AS mean FROM events GROUP BY kind ORDER BY n",
);

interface Outcome {
  readonly longestGapMs: number;
  readonly p99Us: number;
}

/** Reads single rows, one per turn of the loop, until `work` is done. */
async function beside(database: Database, work: () => Promise<unknown>): Promise<Outcome> {
  const latencies: number[] = [];
  let longestGapMs = 0;
  let running = true;
  const done = work().finally(() => (running = false));
  let last = performance.now();
  while (running) {
    const startedAt = performance.now();
    longestGapMs = Math.max(longestGapMs, startedAt - last);
    last = startedAt;
    await database.get(byId, { id: 1 + ((latencies.length * 7_919) % rowCount) });
    latencies.push((performance.now() - startedAt) * 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  longestGapMs = Math.max(longestGapMs, performance.now() - last);
  await done;
  latencies.sort((a, b) => a - b);
  return { longestGapMs, p99Us: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN };
}

await using temporary = await openTemporaryDatabase({ durability: "relaxed" });
const { database } = temporary;
await database.write(async (connection) => {
  for (const statement of database.dialect.createTable(events)) await connection.execute(statement);
  await connection.execute(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) " +
      "INSERT INTO events SELECT i, 'kind ' || (i % 97), i * 1000 FROM n",
    [rowCount],
  );
});
// The lane starts with its first query.
for await (const chunk of database.scan(summary, {})) void chunk;

const cases: Readonly<Record<string, readonly [() => Promise<unknown>, () => Promise<unknown>]>> = {
  "scan-rows": [
    async () => {
      for await (const chunk of database.scan(everything, {})) void chunk;
    },
    () => database.read((reader) => reader.all(everything)),
  ],
  "scan-summary": [
    () => database.all(summary),
    () => database.read((reader) => reader.all(summary)),
  ],
};
const wanted = Object.entries(cases).filter(
  ([name]) => flags.case === undefined || flags.case === name,
);
// First the lanes: what a scan on this thread leaves to collect would stop them too.
const lanes = new Map<string, Outcome>();
for (const [name, [lane]] of wanted) lanes.set(name, await beside(database, lane));
for (const [name, [, thread]] of wanted) {
  const [atlas, peer] = [lanes.get(name)!, await beside(database, thread)];
  print(`${name}-longest-gap`, [atlas.longestGapMs, peer.longestGapMs], "ms");
  print(`${name}-point-read-p99`, [atlas.p99Us, peer.p99Us], "us");
}

function print(name: string, [atlas, peer]: readonly [number, number], unit: string): void {
  const ratio = Number((peer / atlas).toFixed(2));
  const line = { bench: "storage", case: name, atlas: round(atlas), peer: round(peer) };
  process.stdout.write(
    `${JSON.stringify({ ...line, peerName: "the same scan on this thread", unit, ratio })}\n`,
  );
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
