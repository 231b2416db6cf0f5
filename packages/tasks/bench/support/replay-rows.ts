import { sqliteDefaults } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";

const settings = [
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
  `cache_size = -${sqliteDefaults.cacheSizeKib}`,
];

/**
 * Milliseconds that better-sqlite3 takes to insert the rows of a store into
 * another one with the same tables, indexes and triggers: statements prepared
 * once, one durable transaction, and the cache that Atlas has. `tables` says in
 * which order the rows of each were written, as the end of a SELECT.
 */
export function replayRows(source: string, tables: Readonly<Record<string, string>>): number {
  const from = new Driver(source, { readonly: true });
  using directory = temporaryDirectory();
  const to = new Driver(directory.file("replayed.db"));
  try {
    for (const pragma of settings) to.pragma(pragma);
    for (const sql of schemaOf(from)) to.exec(sql);
    const work = Object.entries(tables).map(([table, order]) => {
      const rows = from.prepare(`SELECT ${table}.* FROM ${table} ${order}`).raw().all();
      return { rows: rows as unknown[][], insert: insertInto(to, table) };
    });

    const startedAt = performance.now();
    to.exec("BEGIN IMMEDIATE");
    for (const { rows, insert } of work) for (const row of rows) insert.run(row);
    to.exec("COMMIT");
    return performance.now() - startedAt;
  } finally {
    to.close();
    from.close();
  }
}

/** Tables first; what a search table makes for itself is left out. */
function schemaOf(from: Driver.Database): readonly string[] {
  const all = from
    .prepare(
      `SELECT sql FROM sqlite_schema AS made WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
         AND NOT EXISTS (SELECT 1 FROM sqlite_schema AS search
           WHERE search.sql LIKE 'CREATE VIRTUAL%' AND made.type = 'table'
             AND made.name LIKE search.name || '~_%' ESCAPE '~')
       ORDER BY type = 'table' DESC, rowid`,
    )
    .pluck()
    .all();
  return all as string[];
}

function insertInto(to: Driver.Database, table: string): Driver.Statement<unknown[]> {
  const columns = to.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  return to.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => "?").join(", ")})`);
}
