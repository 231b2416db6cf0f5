import { AtlasError } from "@atlas/errors";
import { type Database, sqlQuery } from "@atlas/storage";

/** Problems reported at most. */
const problemsMax = 100;

const damage = sqlQuery<{ integrity_check: string }>(`PRAGMA integrity_check(${problemsMax})`);
const danglingKeys = sqlQuery<{ table: string; parent: string }>("PRAGMA foreign_key_check");

/** What SQLite itself finds wrong with the file: damaged pages, and references to nothing. */
export async function checkFile(database: Database): Promise<readonly string[]> {
  const pages = await checkPages(database);
  // Following references through damaged pages would fail instead of finding anything.
  if (pages.length > 0) return pages;
  const keys = await database.all(danglingKeys);
  return keys
    .slice(0, problemsMax)
    .map(({ table, parent }) => `A row of ${table} refers to a row of ${parent} that is gone.`);
}

async function checkPages(database: Database): Promise<readonly string[]> {
  try {
    const rows = await database.all(damage);
    return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
  } catch (error) {
    // Some damage ends the check itself.
    if (AtlasError.is(error) && error.code === "storage.corrupt") return [error.message];
    throw error;
  }
}
