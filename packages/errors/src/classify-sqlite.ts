import type { TransactionState } from "./atlas-error.ts";
import type { CommonErrorCode } from "./errors.ts";
import type { Finding } from "./finding.ts";
import { readString } from "./read-property.ts";

interface SqlitePolicy {
  readonly code: CommonErrorCode;
  readonly txState?: TransactionState;
}

/**
 * What each result code means for the caller, by its name without `SQLITE_`.
 *
 * An extended code that is not listed takes the policy of the longest listed
 * prefix. Transaction states assume what Atlas does: writers begin with BEGIN
 * IMMEDIATE, so a plain BUSY meets a connection without a transaction.
 */
const policies: Readonly<Record<string, SqlitePolicy>> = {
  ABORT: { code: "transaction.aborted", txState: "unknown" },
  ABORT_ROLLBACK: { code: "transaction.aborted", txState: "rolledBack" },
  AUTH: { code: "storage.permission_denied" },
  BUSY: { code: "storage.busy", txState: "none" },
  BUSY_SNAPSHOT: { code: "storage.snapshot_stale", txState: "active" },
  CANTOPEN: { code: "storage.cannot_open", txState: "none" },
  CONSTRAINT: { code: "storage.constraint", txState: "active" },
  CORRUPT: { code: "storage.corrupt", txState: "unknown" },
  // SQLite says so of a B-tree that has lost an entry, when the row changes.
  CORRUPT_INDEX: { code: "index.corrupt", txState: "active" },
  // Only virtual tables, which here means full-text indexes, report this one.
  CORRUPT_VTAB: { code: "index.corrupt", txState: "active" },
  // SQLite has already rolled back when it reports a full disk inside a transaction.
  FULL: { code: "storage.disk_full", txState: "rolledBack" },
  ERROR: { code: "storage.statement_invalid" },
  ERROR_RETRY: { code: "storage.busy" },
  ERROR_SNAPSHOT: { code: "storage.snapshot_stale" },
  INTERRUPT: { code: "operation.cancelled", txState: "unknown" },
  // A failed sync must not be repeated: the kernel may have dropped the pages.
  IOERR: { code: "storage.io_failed", txState: "unknown" },
  // The file that connections share is grown before anything is begun; there was no room.
  IOERR_SHMSIZE: { code: "storage.disk_full", txState: "none" },
  IOERR_NOMEM: { code: "storage.out_of_memory", txState: "unknown" },
  LOCKED: { code: "storage.locked", txState: "active" },
  MISMATCH: { code: "storage.statement_invalid" },
  MISUSE: { code: "storage.statement_invalid" },
  NOMEM: { code: "storage.out_of_memory", txState: "unknown" },
  NOTADB: { code: "storage.not_a_database", txState: "none" },
  PERM: { code: "storage.permission_denied" },
  PROTOCOL: { code: "storage.busy", txState: "none" },
  RANGE: { code: "storage.statement_invalid" },
  READONLY: { code: "storage.readonly" },
  SCHEMA: { code: "storage.statement_invalid" },
  TOOBIG: { code: "storage.too_big", txState: "active" },
};

const prefix = "SQLITE_";

/** Knows errors whose `code` is the name of a SQLite result code, extended or not. */
export function classifySqlite(value: unknown): Finding | undefined {
  const sqliteCode = readString(value, "code");
  if (sqliteCode?.startsWith(prefix) !== true) return undefined;
  const name = sqliteCode.slice(prefix.length);
  const policy = policyFor(name);
  return {
    source: "sqlite",
    ...policy,
    context: {
      sqliteCode,
      // SQLITE_CONSTRAINT_FOREIGNKEY → foreignkey: which kind of promise was broken.
      ...(name.startsWith("CONSTRAINT_")
        ? { constraint: name.slice("CONSTRAINT_".length).toLowerCase() }
        : {}),
    },
  };
}

function policyFor(name: string): SqlitePolicy {
  for (let known = name; known !== ""; known = known.slice(0, known.lastIndexOf("_"))) {
    const policy = Object.hasOwn(policies, known) ? policies[known] : undefined;
    if (policy !== undefined) return policy;
    if (!known.includes("_")) break;
  }
  return { code: "storage.failed", txState: "unknown" };
}
