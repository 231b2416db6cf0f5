import type { Driver } from "./driver.ts";

/** What a copy of a database turned out to hold. */
export interface CopyFindings {
  /** Empty when the file is sound. */
  readonly problems: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
}

/** Problems that are listed; one is enough to refuse a copy. */
const problemsMax = 10;

/** Opens a copy, checks it from the first page to the last, and counts its rows. */
export function verifyCopy(driver: Driver, path: string): CopyFindings {
  const handle = new driver(path, { fileMustExist: true });
  try {
    // One file without a log beside it: complete by itself wherever it is moved.
    handle.pragma("journal_mode = delete");
    const check = handle.prepare(`pragma integrity_check(${problemsMax})`).pluck().all();
    const references = handle.prepare("pragma foreign_key_check").all();
    const problems = check.map(String).filter((text) => text !== "ok");
    if (references.length > 0) problems.push(`${references.length} rows refer to missing ones`);
    return { problems, rows: countRows(handle) };
  } finally {
    handle.close();
  }
}

/** Rows of every ordinary table. */
export function countRows(handle: InstanceType<Driver>): Readonly<Record<string, number>> {
  const names = handle
    .prepare(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' " +
        "and sql not like 'create virtual%' order by name",
    )
    .pluck()
    .all()
    .map(String);
  return Object.fromEntries(
    names.map((name) => {
      const counted = handle.prepare(`select count(*) from "${name.replaceAll('"', '""')}"`);
      return [name, Number(counted.pluck().get())];
    }),
  );
}
