/**
 * One row in a transaction of its own, by one caller who waits for each: `await
 * database.write` against every peer. Both sides wait for stable storage
 * (`synchronous = full`; Atlas syncs by itself), or, in `insert-relaxed`, neither.
 * Both are measured as they run all day: with a log that has been full once and is
 * written over. While its file still grows each sync takes about twice as long.
 * Prints one JSON line per case; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { compare } from "./support/interleaved.ts";
import { betterSqlite3, openHandle } from "./support/peers/better-sqlite3.ts";
import { peersOf } from "./support/peers/all-peers.ts";
import type { Peer, Synchronous } from "./support/peers/peer.ts";
import { printLine } from "./support/print-line.ts";
import { insertTask } from "./support/queries.ts";
import { tableStatements, taskRow } from "./support/sample.ts";

/** Commits after which the log of either side has started again at its beginning. */
const writesUntilFull = 4_000;

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
for (const [name, peer] of peersOf("insert", given.case)) await runCase(name, peer, "full");
if (given.case === undefined || given.case === "insert-relaxed") {
  await runCase("insert-relaxed", betterSqlite3, "normal");
}

async function runCase(name: string, peer: Peer, synchronous: Synchronous): Promise<void> {
  using directory = temporaryDirectory();
  const durability = synchronous === "full" ? "full" : "relaxed";
  await using temporary = await openTemporaryDatabase({ durability });
  const { database } = temporary;
  const path = directory.file("peer.db");
  const handle = openHandle(path, synchronous);
  for (const statement of tableStatements(database)) {
    await database.write((connection) => connection.execute(statement));
    handle.exec(statement);
  }
  handle.close();
  const session = peer.open(path, synchronous);
  let [written, peerWritten] = [0, 0];
  const write = (): Promise<unknown> => {
    const row = taskRow((written += 1));
    return database.write((connection) => connection.run(insertTask, row));
  };
  const peerWrite = (): unknown => session.insert(taskRow((peerWritten += 1)));
  for (let n = 0; n < writesUntilFull; n += 1) {
    await write();
    await peerWrite();
  }
  const result = await compare(write, peerWrite, { rounds: 40, roundMs: 40, loopLength: 20 });
  await session.close();
  printLine(
    { case: name, peerName: `${peer.name}, synchronous=${synchronous}`, unit: "commits/s" },
    result,
  );
}
