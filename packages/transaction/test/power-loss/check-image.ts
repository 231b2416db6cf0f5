import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AtlasError } from "@atlas/errors";
import { sqlQuery } from "@atlas/storage";
import { openSqlite, type SqliteStore } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import { findAfterRecovery } from "../fixtures/after-recovery.ts";
import { findContradictions, type Told } from "../fixtures/bank.ts";
import { runWorkload } from "../fixtures/bank-workload.ts";
import type { ImageEntry } from "./disk.ts";

/** An image that was written. */
export interface WrittenImage {
  readonly path: string;
  /** Where the files of the recording are now, by their numbers. */
  readonly places: ReadonlyMap<string, string>;
}

/** Writes an image into a directory of its own. */
export function writeImage(
  path: string,
  files: ReadonlyMap<string, ImageEntry>,
  random: () => number,
): WrittenImage {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  const places = new Map<string, string>();
  for (const [name, { number, content }] of files) {
    const place = join(path, name);
    const other = places.get(String(number));
    if (content === undefined) mkdirSync(place);
    else if (other === undefined) writeFileSync(place, content);
    else linkSync(other, place);
    places.set(String(number), place);
  }
  // The index of the log is never synced: whatever is found there must not be believed.
  if (random() < 0.25) {
    const rubbish = Buffer.from(Array.from({ length: 4_096 }, () => Math.floor(random() * 256)));
    writeFileSync(
      join(path, "data.db-shm"),
      Buffer.concat(Array.from({ length: 8 }, () => rubbish)),
    );
  }
  return { path, places };
}

/** Every tenth store is also put back to work. */
const worksAgainEvery = 10;

/** Opens an image and compares it with what had been told. */
export async function checkImage(
  { path, places }: WrittenImage,
  told: readonly Told[],
  image: number,
): Promise<readonly string[]> {
  try {
    const file = join(path, "data.db");
    await using database = await openSqlite(file, { readers: 1, healthCheckMs: 0 });
    const found = [...(await findContradictions(database, told, kept))];
    // Before the first acknowledgement there may be no tables, and nothing to recover.
    if (!told.some(({ fate }) => fate === "durable")) return found;
    await translateJournal(database, places);
    found.push(...(await findAfterRecovery(database, file, { told, kept })));
    return image % worksAgainEvery === 0
      ? [...found, ...(await workAgain(database, image))]
      : found;
  } catch (error) {
    if (AtlasError.is(error)) return [`It does not open: ${error.code} ${error.message}`];
    throw error;
  }
}

const kept = ["durable"] as const;

const journal = sqlQuery<{ id: number; before: string }>(
  "SELECT id, before FROM atlas_file_journal WHERE before IS NOT NULL",
);
const correct = sqlQuery<never, { id: number; before: string }>(
  "UPDATE atlas_file_journal SET before = :before WHERE id = :id",
);
const journalTable = sqlQuery<{ name: string }>(
  "SELECT name FROM sqlite_schema WHERE name = 'atlas_file_journal'",
);

/**
 * The journal names files by their inodes, as they are on the disk that lost
 * its power; on this one the same files have others.
 */
async function translateJournal(
  database: SqliteStore,
  places: WrittenImage["places"],
): Promise<void> {
  if ((await database.get(journalTable)) === undefined) return;
  const rows = await database.all(journal);
  const translated = rows.flatMap(({ id, before }) => {
    const identity = JSON.parse(before) as { readonly inode: string };
    const place = places.get(identity.inode);
    if (place === undefined) return [];
    const { dev, ino, mtimeNs } = statSync(place, { bigint: true });
    const now = { device: String(dev), inode: String(ino), modified: String(mtimeNs) };
    return [{ id, before: JSON.stringify({ ...identity, ...now }) }];
  });
  await database.write((connection) => connection.runMany(correct, translated));
}

async function workAgain(database: SqliteStore, seed: number): Promise<readonly string[]> {
  await using manager = await createTransactionManager(database);
  const told: Told[] = [];
  await runWorkload(
    { database, manager, halfway: () => undefined },
    { writer: "afterwards", seed, callers: 2, transactions: 6, tell: (one) => void told.push(one) },
  );
  return findContradictions(database, told);
}
