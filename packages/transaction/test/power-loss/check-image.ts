import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AtlasError } from "@atlas/errors";
import { openSqlite, type SqliteStore } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import { findContradictions, type Told } from "../fixtures/bank.ts";
import { runWorkload } from "../fixtures/bank-workload.ts";

/** Writes an image into a directory of its own. */
export function writeImage(
  path: string,
  files: ReadonlyMap<string, Buffer>,
  random: () => number,
): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const [name, content] of files) writeFileSync(join(path, name), content);
  // The index of the log is never synced: whatever is found there must not be believed.
  if (random() < 0.25) {
    const rubbish = Buffer.from(Array.from({ length: 4_096 }, () => Math.floor(random() * 256)));
    writeFileSync(
      join(path, "data.db-shm"),
      Buffer.concat(Array.from({ length: 8 }, () => rubbish)),
    );
  }
}

/** Every tenth store is also put back to work. */
const worksAgainEvery = 10;

/** Opens an image and compares it with what had been told. */
export async function checkImage(
  path: string,
  told: readonly Told[],
  image: number,
): Promise<readonly string[]> {
  try {
    const file = join(path, "data.db");
    await using database = await openSqlite(file, { readers: 1, healthCheckMs: 0 });
    const found = await findContradictions(database, told, ["durable"]);
    if (image % worksAgainEvery !== 0 || !told.some(({ fate }) => fate === "durable")) return found;
    return [...found, ...(await workAgain(database, image))];
  } catch (error) {
    if (AtlasError.is(error)) return [`It does not open: ${error.code} ${error.message}`];
    throw error;
  }
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
