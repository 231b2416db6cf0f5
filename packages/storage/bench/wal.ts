/**
 * The size of the log while a writer goes on and a reader holds a snapshot for
 * a tenth of the time: Atlas against better-sqlite3 as it comes.
 *
 * Prints one JSON line; `--minutes <n>` (default 0.25) writes longer.
 */
import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { sqlQuery } from "@atlas/storage";
import { sqliteDefaults } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";

const { values: flags } = parseArgs({
  options: { case: { type: "string" }, minutes: { type: "string", default: "0.25" } },
});
const durationMs = Number(flags.minutes) * 60_000;
/** About 20 MB of log per second: faster than most programs, slow enough to leave disk space. */
const writesPerTurn = 12;
const turnMs = 4;
const note = "x".repeat(4_000);

interface Side {
  readonly write: () => Promise<unknown>;
  /** Begins a snapshot and answers with what ends it. */
  readonly hold: () => Promise<() => void>;
  readonly logPath: string;
}

/** Writes for the time given; a snapshot is held for the second tenth of it. */
async function largestLog(side: Side): Promise<number> {
  const startedAt = performance.now();
  let largest = 0;
  let release: (() => void) | undefined;
  let held = false;
  for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - startedAt) {
    if (!held && elapsed > durationMs / 10) {
      release = await side.hold();
      held = true;
    }
    if (elapsed > durationMs / 5) {
      release?.();
      release = undefined;
    }
    for (let n = 0; n < writesPerTurn; n += 1) await side.write();
    largest = Math.max(largest, statSync(side.logPath).size);
    const until = performance.now() + turnMs;
    while (performance.now() < until) await nextTurn();
  }
  release?.();
  return largest;
}

async function atlas(): Promise<number> {
  await using temporary = await openTemporaryDatabase({ durability: "relaxed" });
  const { database, path } = temporary;
  await database.write((connection) => connection.execute("CREATE TABLE notes (text TEXT) STRICT"));
  const insert = sqlQuery<never, { text: string }>("INSERT INTO notes VALUES (:text)");
  return await largestLog({
    logPath: `${path}-wal`,
    write: () => database.write((connection) => connection.run(insert, { text: note })),
    hold: async () => {
      const reader = await database.pool.acquire();
      return () => database.pool.release(reader);
    },
  });
}

async function raw(): Promise<number> {
  using directory = temporaryDirectory();
  const path = directory.file("raw.db");
  const writer = new Driver(path);
  writer.pragma("journal_mode = wal");
  writer.exec("CREATE TABLE notes (text TEXT) STRICT");
  const insert = writer.prepare("INSERT INTO notes VALUES (?)");
  const size = await largestLog({
    logPath: `${path}-wal`,
    write: async () => insert.run(note),
    hold: async () => {
      const reader = new Driver(path, { readonly: true });
      reader.exec("begin");
      reader.prepare("select count(*) from notes").get();
      return () => reader.close();
    },
  });
  writer.close();
  return size;
}

const [ours, theirs] = [await atlas(), await raw()].map((bytes) => bytes / 1024 ** 2) as [
  number,
  number,
];
process.stdout.write(
  `${JSON.stringify({
    bench: "storage",
    case: "wal-size",
    atlas: Number(ours.toFixed(1)),
    peer: Number(theirs.toFixed(1)),
    peerName: "better-sqlite3",
    unit: "MiB",
    ratio: Number((theirs / ours).toFixed(2)),
    limit: sqliteDefaults.walLimitBytes / 1024 ** 2,
    minutes: Number(flags.minutes),
  })}\n`,
);
