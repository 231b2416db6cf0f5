/**
 * Learns which rows a transaction changes from SQLite itself: temporary triggers
 * on the writer's connection hand the values of followed columns to a function.
 * They see what statements, cascades and other triggers do alike, so nobody who
 * writes has to say anything, and nobody can forget to.
 *
 * What a savepoint takes back stays recorded: dropping too much is never wrong.
 */
import type { ChangedRows, CommittedChange, TableSet } from "../../change-feed.ts";
import { rowValueOf } from "../../row-value.ts";
import type { RawRow } from "../../sql-value.ts";
import type { Handle, HandleStatement } from "../driver.ts";
import { quoteIdentifier } from "../quote-identifier.ts";

/** Values told per table and commit; beyond that the whole table counts as changed. */
const valuesMax = 1_000;

/** The name of the function that the triggers call. */
const recorder = "atlas_row_changed";

/** What was recorded of one table in the open transaction. */
interface Recorded {
  readonly values: Map<string, Set<string>>;
  count: number;
  /** Too many values, or one that has no single form. */
  whole: boolean;
}

/** The rows that the writer's transactions change. */
export class RowFollower {
  /** Table to column to the number of those who follow it. */
  readonly #wanted = new Map<string, Map<string, number>>();
  /** Table to its columns in the order the trigger gives them. */
  readonly #installed = new Map<string, readonly string[]>();
  readonly #recorded = new Map<string, Recorded>();
  #handle: Handle | undefined;
  #schemaVersion: HandleStatement | undefined;
  #installedFor: unknown;
  #stale = false;

  follow(table: string, columns: readonly string[]): () => void {
    const counts = this.#wanted.get(table) ?? new Map<string, number>();
    this.#wanted.set(table, counts);
    for (const column of columns) counts.set(column, (counts.get(column) ?? 0) + 1);
    this.#stale = true;
    let following = true;
    return () => {
      if (!following) return;
      following = false;
      this.#stale = true;
      for (const column of columns) counts.set(column, (counts.get(column) ?? 1) - 1);
    };
  }

  /** Brings the triggers up to date; called before a transaction begins. */
  install(handle: Handle): void {
    if (this.#wanted.size === 0 || handle.inTransaction) return;
    if (handle !== this.#handle) this.#register(handle);
    // A column that another process has renamed would make every write fail.
    const version = this.#versionNow();
    if (!this.#stale && version === this.#installedFor) return;
    this.#installedFor = version;
    this.#stale = version === undefined;
    this.#installed.clear();
    // Somebody holds the file; the transaction will wait for them, and name no rows.
    if (version === undefined) return;
    for (const [table, counts] of this.#wanted) {
      const columns = [...counts].filter(([, count]) => count > 0).map(([column]) => column);
      this.#installOn(handle, table, columns);
    }
  }

  /** What is to be told of a commit that changed `tables`; forgets what was recorded. */
  take(tables: TableSet | undefined): CommittedChange | undefined {
    // A table that was replaced has lost its triggers.
    if (tables === "all") this.#stale = true;
    if (this.#installed.size === 0 || tables === undefined || tables === "all") {
      // Also an empty map makes a new table when it is cleared.
      if (this.#recorded.size > 0) this.#recorded.clear();
      return tables === undefined ? undefined : { tables };
    }
    const recorded = new Map(this.#recorded);
    this.#recorded.clear();
    const rows = new Map<string, ChangedRows>();
    const changed = new Set(tables);
    for (const table of tables) {
      if (!this.#installed.has(table)) continue;
      const record = recorded.get(table);
      if (record === undefined) changed.delete(table);
      else if (!record.whole) rows.set(table, record.values);
    }
    if (changed.size === 0) return undefined;
    return rows.size === 0 ? { tables: changed } : { tables: changed, rows };
  }

  #versionNow(): unknown {
    try {
      return this.#schemaVersion?.get();
    } catch {
      return undefined;
    }
  }

  #register(handle: Handle): void {
    const record = (table: unknown, ...values: unknown[]): null => {
      this.#record(String(table), values);
      return null;
    };
    handle.function(recorder, { varargs: true, safeIntegers: true }, record);
    const version = handle.prepare<unknown[], RawRow>("pragma schema_version").pluck();
    this.#schemaVersion = version;
    this.#handle = handle;
    this.#stale = true;
  }

  #record(table: string, values: readonly unknown[]): void {
    const columns = this.#installed.get(table) ?? [];
    const record = this.#recorded.get(table) ?? { values: new Map(), count: 0, whole: false };
    this.#recorded.set(table, record);
    if (record.whole) return;
    for (const [at, value] of values.entries()) {
      const column = columns[at % columns.length];
      if (column === undefined || value === null) continue;
      const text = rowValueOf(typeof value === "string" ? "text" : "integer", value);
      record.count += 1;
      record.whole ||= text === undefined || record.count > valuesMax;
      const known = record.values.get(column) ?? new Set<string>();
      record.values.set(column, known);
      if (text !== undefined) known.add(text);
    }
    if (record.whole) record.values.clear();
  }

  #installOn(handle: Handle, table: string, columns: readonly string[]): void {
    try {
      // SQLite would take a trigger over a missing column, and then no write to the table.
      const followed = columns.length > 0 && hasColumns(handle, table, columns);
      for (const event of ["insert", "update", "delete"] as const) {
        const name = `temp.${quoteIdentifier(`atlas_rows_${table}_${event}`)}`;
        handle.exec(`drop trigger if exists ${name}`);
        if (followed) handle.exec(triggerOn(name, { table, event, columns }));
      }
      if (followed) this.#installed.set(table, columns);
    } catch {
      // Without its triggers every change of the table counts for all of its rows.
      this.#installed.delete(table);
    }
  }
}

function hasColumns(handle: Handle, table: string, columns: readonly string[]): boolean {
  const existing = handle
    .prepare<[string], string>("select name from pragma_table_xinfo(?)")
    .pluck()
    .all(table);
  return columns.every((column) => existing.includes(column));
}

function triggerOn(
  name: string,
  {
    table,
    event,
    columns,
  }: {
    readonly table: string;
    readonly event: "insert" | "update" | "delete";
    readonly columns: readonly string[];
  },
): string {
  const sides = event === "update" ? ["old", "new"] : [event === "insert" ? "new" : "old"];
  const values = sides.flatMap((side) =>
    columns.map((column) => `${side}.${quoteIdentifier(column)}`),
  );
  const literal = `'${table.replaceAll("'", "''")}'`;
  return (
    `create temp trigger ${name.slice("temp.".length)} after ${event} ` +
    `on main.${quoteIdentifier(table)} ` +
    `begin select ${recorder}(${[literal, ...values].join(", ")}); end`
  );
}
