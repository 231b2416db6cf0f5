import type { Driver, Handle } from "../driver.ts";
import { findDamage } from "./find-damage.ts";

/** What a copy of a database turned out to hold. */
export interface CopyFindings {
  /** Empty when the file is sound. */
  readonly problems: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
  /** Version of the last migration per component. */
  readonly schema: Readonly<Record<string, number>>;
  readonly applicationId: number;
}

/** Problems that are listed; one is enough to refuse a copy. */
const problemsMax = 10;

/** Opens a copy, checks it from the first page to the last, and counts its rows. */
export function verifyCopy(driver: Driver, path: string): CopyFindings {
  const handle = new driver(path, { fileMustExist: true });
  try {
    handle.pragma("trusted_schema = off");
    handle.pragma("cell_size_check = on");
    const { findings } = findDamage(handle, { mode: "full", findingsMax: problemsMax });
    if (findings.length > 0) {
      const problems = findings.map((finding) =>
        finding.kind === "structure"
          ? finding.message
          : `A row of ${finding.table} refers to a missing one of ${finding.parent}`,
      );
      return { problems, rows: {}, schema: {}, applicationId: 0 };
    }
    // One file without a log beside it: complete by itself wherever it is moved.
    handle.pragma("journal_mode = delete");
    return {
      problems: [],
      rows: countRows(handle),
      schema: schemaOf(handle),
      applicationId: Number(handle.pragma("application_id", { simple: true })),
    };
  } finally {
    handle.close();
  }
}

/** Rows of every ordinary table. */
export function countRows(handle: Handle): Readonly<Record<string, number>> {
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

/** What the ledger of migrations says, when there is one. */
function schemaOf(handle: Handle): Readonly<Record<string, number>> {
  const ledger = handle
    .prepare("select 1 from sqlite_schema where type = 'table' and name = 'atlas_migrations'")
    .get();
  if (ledger === undefined) return {};
  const versions = handle
    .prepare("select component, max(version) from atlas_migrations group by component order by 1")
    .raw()
    .all() as readonly (readonly [string, number])[];
  return Object.fromEntries(versions);
}
