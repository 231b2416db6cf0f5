/**
 * Which tables a statement reads and writes, as SQLite itself has compiled it:
 * the program of a statement opens the root page of everything it touches, what
 * triggers and cascades touch included.
 */
import type { TableSet } from "../change-feed.ts";
import { tokenizeSql } from "../sql-tokens.ts";
import type { Handle } from "./driver.ts";

/** What a statement may do to tables. */
export interface TableAccess {
  readonly reads: TableSet;
  readonly writes: TableSet;
  /** Writes a virtual table, itself or by a trigger; here that is a search index. */
  readonly writesSearch: boolean;
  /** Those it reads from end to end, as far as their names can be told. */
  readonly scans: ReadonlySet<string>;
  readonly repeatable: Repeatable;
}

/**
 * Whether a statement that changes rows does the same when it is run again on the same
 * data; nothing is known of any statement after one that changes the schema.
 */
export type Repeatable = "always" | "unknown" | "changes schema";

/** One instruction of `EXPLAIN`. */
export interface Instruction {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p4: string | null;
}

/** Instructions after which nothing certain can be said: the schema changes. */
const schemaChanges: ReadonlySet<string> = new Set(["ParseSchema", "Destroy", "DropTable"]);

/** Instructions that go through a table or one of its indexes from end to end. */
const scanning: ReadonlySet<string> = new Set(["Rewind", "Last", "Count"]);

/** With these a limit does not end a scan early: every row is counted or put in order first. */
const gathering: ReadonlySet<string> = new Set(["SorterOpen", "OpenEphemeral", "AggStep", "Count"]);

const unknown: TableAccess = Object.freeze({
  reads: "all",
  writes: "all",
  writesSearch: true,
  scans: new Set<string>(),
  repeatable: "changes schema",
});

/** Asks SQLite for the program of a statement and reads from it what it opens. */
export function tableAccess(handle: Handle, sql: string): TableAccess {
  // First, because it runs: only then does SQLite notice that others have changed the schema.
  const roots = tableOfRoot(handle);
  const program = explain(handle, sql);
  if (program === undefined || program.some(({ opcode }) => schemaChanges.has(opcode)))
    return unknown;
  const reads = new Set<string>();
  const writes = new Set<string>();
  const cursors = new Map<number, string>();
  const scans = new Set<string>();
  let virtual = false;
  for (const { opcode, p1, p2, p3 } of program) {
    if (opcode === "OpenRead" && p3 === 0) {
      reads.add(roots.get(p2) ?? "");
      cursors.set(p1, roots.get(p2) ?? "");
    } else if (scanning.has(opcode)) scans.add(cursors.get(p1) ?? "");
    else if (opcode === "OpenWrite" && p3 === 0) writes.add(roots.get(p2) ?? "");
    else if (opcode === "Clear" && p2 === 0) writes.add(roots.get(p1) ?? "");
    else if (opcode === "VOpen" || opcode === "VUpdate") virtual = true;
  }
  // The program does not name virtual tables. One that is read may change with
  // any table; one that is written follows, by its triggers, a table that is named.
  scans.delete("");
  const limited = program.some(({ opcode }) => opcode === "DecrJumpZero");
  if (limited && !program.some(({ opcode }) => gathering.has(opcode))) scans.clear();
  return {
    repeatable: isRepeatable(handle, sql, program) ? "always" : "unknown",
    scans,
    writesSearch: program.some(({ opcode }) => opcode === "VUpdate"),
    reads: virtual || reads.has("") ? "all" : reads,
    writes: writes.has("") || (virtual && writes.size === 0) ? "all" : writes,
  };
}

/** Verbs of statements that change rows and nothing else. */
const changing: ReadonlySet<string> = new Set(["insert", "update", "delete", "replace", "with"]);

/**
 * Functions of time: SQLite counts on them to stay the same within one run of a statement
 * and marks them like those that never change.
 */
const ofTime: ReadonlySet<string> = new Set([
  "date",
  "datetime",
  "julianday",
  "strftime",
  "time",
  "timediff",
  "unixepoch",
]);

/** In the flags of a function: it always answers the same for the same arguments. */
const deterministicFlag = 0x800;

/** The program has in it what defaults, checks, triggers and cascades call as well. */
function isRepeatable(handle: Handle, sql: string, program: readonly Instruction[]): boolean {
  const verb = tokenizeSql(sql).find(({ kind }) => kind === "word");
  if (!changing.has(verb?.text.toLowerCase() ?? "")) return false;
  const calls = program.filter(({ opcode }) => opcode === "Function" || opcode === "PureFunc");
  return calls.every(({ p4 }) => {
    const name = p4?.slice(0, p4.lastIndexOf("(")).toLowerCase() ?? "";
    return !ofTime.has(name) && isDeterministic(handle, name);
  });
}

function isDeterministic(handle: Handle, name: string): boolean {
  const listed = handle
    .prepare<[string, number], unknown>(
      "select 1 from pragma_function_list where name = ? and flags & ?",
    )
    .get(name, deterministicFlag);
  return listed !== undefined;
}

/** The program of a statement; undefined when it does not compile. */
export function explain(handle: Handle, sql: string): readonly Instruction[] | undefined {
  const values = tokenizeSql(sql).filter(({ kind }) => kind === "positional");
  try {
    return handle.prepare<unknown[], Instruction>(`explain ${sql}`).all(values.map(() => null));
  } catch {
    return undefined;
  }
}

function tableOfRoot(handle: Handle): ReadonlyMap<number, string> {
  const rows = handle
    .prepare<[], { root: number; name: string }>(
      "select rootpage as root, tbl_name as name from sqlite_schema where rootpage > 0 " +
        "union all select 1, 'sqlite_schema'",
    )
    .all();
  return new Map(rows.map(({ root, name }) => [root, name]));
}

/** Rows of a table: as ANALYZE counted them, or as its highest row number says. */
export function estimatedRows(handle: Handle, table: string): number {
  const quoted = `"${table.replaceAll('"', '""')}"`;
  try {
    // Counted at some time; the table has hardly become so much smaller since.
    const [analyzed] = handle
      .prepare<[string], { stat: string }>("select stat from sqlite_stat1 where tbl = ? limit 1")
      .all(table);
    if (analyzed !== undefined) return Number.parseInt(analyzed.stat, 10);
  } catch {
    // Nobody has run ANALYZE: the table of its results is missing.
  }
  try {
    const highest = handle.prepare<[], { n: number | null }>(
      `select max(rowid) as n from ${quoted}`,
    );
    return highest.get()?.n ?? 0;
  } catch {
    // Without row numbers there is no cheap answer.
    return 0;
  }
}
