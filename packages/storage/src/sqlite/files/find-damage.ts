import type { IntegrityFinding } from "../../files/integrity.ts";
import type { RawRow } from "../../sql-value.ts";
import type { Handle } from "../driver.ts";

/** What was found, up to a number. */
export interface Damage {
  readonly findings: readonly IntegrityFinding[];
  readonly truncated: boolean;
}

/** Checks the structure of every page, then every reference; lists at most `findingsMax`. */
export function findDamage(
  handle: Handle,
  { mode, findingsMax }: { readonly mode: "quick" | "full"; readonly findingsMax: number },
): Damage {
  const findings: IntegrityFinding[] = [];
  try {
    // One more than is listed tells whether there is more.
    for (const message of structure(handle, mode, findingsMax + 1)) {
      findings.push({ kind: "structure", message });
    }
    for (const reference of handle.prepare("pragma foreign_key_check").iterate()) {
      if (findings.length > findingsMax) break;
      findings.push(referenceOf(reference as RawRow));
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    findings.push({ kind: "structure", message: error.message });
  }
  return {
    findings: findings.slice(0, findingsMax),
    truncated: findings.length > findingsMax,
  };
}

function structure(handle: Handle, mode: "quick" | "full", max: number): readonly string[] {
  const check = mode === "quick" ? "quick_check" : "integrity_check";
  const texts = handle.prepare(`pragma ${check}(${max})`).pluck().all().map(String);
  // SQLite says all it knows of one page in one row.
  const lines = texts.flatMap((text) => text.split("\n"));
  return lines.filter((line) => line !== "ok" && !line.startsWith("***"));
}

function referenceOf(row: RawRow): IntegrityFinding {
  const rowId = row["rowid"];
  return {
    kind: "reference",
    table: String(row["table"]),
    row: rowId === null ? null : Number(rowId),
    parent: String(row["parent"]),
  };
}

/** A page that cannot even be read ends the check with an error. */
function isDamage(error: unknown): error is Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}
