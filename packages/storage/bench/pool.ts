/**
 * How much of the time for which readers are held they are busy (D3, Q2): bodies
 * of five reads with keys from a zipf distribution, by callers who come back at
 * once, from a pool of four. The peer is the bound of the requirement, 0.9.
 *
 * Prints one JSON line per case; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import { from, param } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { fill, rowCount, tasks } from "./support/sample.ts";
import { zipfKeys } from "./zipf.ts";

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
const bound = 0.9;
const measureMs = 2_000;
const byId = from(tasks)
  .select("id", "name", "status", "description")
  .where("id", "eq", param("key"))
  .build();
const range = from(tasks)
  .select("id", "name", "status", "description")
  .where("id", "gte", param("key"))
  .orderBy("id")
  .limit(20)
  .build();
const keys = zipfKeys({ count: 2 ** 16, keys: rowCount, seed: 42 });

for (const callers of [1, 4, 64]) {
  const name = `pool-efficiency-${callers}`;
  if (given.case === undefined || given.case === name) await run(name, callers);
}

async function run(name: string, callers: number): Promise<void> {
  await using temporary = await openTemporaryDatabase({ connectionMetrics: "timed", readers: 4 });
  const { database } = temporary;
  await fill(database);
  let at = 0;
  const key = (): { key: number } => ({ key: keys[(at += 1) % keys.length] ?? 1 });
  const readSome = (): Promise<void> =>
    database.read(async (reader) => {
      await reader.all(range, key());
      for (let reads = 0; reads < 4; reads += 1) await reader.get(byId, key());
    });
  const startedAt = performance.now();
  const until = async (end: number): Promise<void> => {
    while (performance.now() < end) await readSome();
  };
  const all = (end: number): Promise<unknown> =>
    Promise.all(Array.from({ length: callers }, () => until(end)));
  await all(startedAt + measureMs / 4);
  const before = database.connections.getMetrics();
  await all(performance.now() + measureMs);
  const after = database.connections.getMetrics();
  const efficiency = (after.busyMs - before.busyMs) / (after.heldMs - before.heldMs);
  const line = {
    bench: "storage",
    case: name,
    atlas: Number(efficiency.toFixed(3)),
    peer: bound,
    peerName: "the bound of the requirement",
    unit: "busy/held",
    ratio: Number((efficiency / bound).toFixed(2)),
    readsPerSecond: Math.round(((after.queries - before.queries) / measureMs) * 1_000),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
