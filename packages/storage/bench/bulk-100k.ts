/**
 * 100,000 rows of six columns and about 300 bytes in one durable transaction, each
 * time into a new file: `runMany` against every peer as its documentation advises.
 * Prints one JSON line per case; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { compareRounds } from "./support/interleaved.ts";
import { openHandle } from "./support/peers/better-sqlite3.ts";
import { peersOf } from "./support/peers/all-peers.ts";
import type { Peer } from "./support/peers/peer.ts";
import { printLine } from "./support/print-line.ts";
import { insertTask } from "./support/queries.ts";
import { rowCount, tableStatements, taskRows } from "./support/sample.ts";

const rounds = 9;
const rows = taskRows(rowCount);
const { values: given } = parseArgs({ options: { case: { type: "string" } } });
for (const [name, peer] of peersOf("bulk-100k", given.case)) {
  const result = await compareRounds(runAtlas, () => runPeer(peer), rounds);
  printLine({ case: name, peerName: `${peer.name}, one transaction`, unit: "rows/s" }, result);
}

async function runAtlas(): Promise<number> {
  await using temporary = await openTemporaryDatabase();
  const { database } = temporary;
  for (const statement of tableStatements(database)) {
    await database.write((connection) => connection.execute(statement));
  }
  const startedAt = performance.now();
  const { changes } = await database.write((connection) => connection.runMany(insertTask, rows));
  return rate(startedAt, changes);
}

async function runPeer(peer: Peer): Promise<number> {
  using directory = temporaryDirectory();
  await using temporary = await openTemporaryDatabase();
  const path = directory.file("peer.db");
  const handle = openHandle(path, "full");
  for (const statement of tableStatements(temporary.database)) handle.exec(statement);
  const session = peer.open(path, "full");
  const startedAt = performance.now();
  await session.bulk(rows);
  const perSecond = rate(startedAt, rowCount);
  await session.close();
  const { n } = handle.prepare("select count(*) as n from tasks").get() as { readonly n: number };
  handle.close();
  if (n !== rowCount) throw new Error(`${peer.name} has written ${n} rows.`);
  return perSecond;
}

function rate(startedAt: number, count: number): number {
  if (count !== rowCount) throw new Error(`Only ${count} rows were written.`);
  return (count * 1_000) / (performance.now() - startedAt);
}
