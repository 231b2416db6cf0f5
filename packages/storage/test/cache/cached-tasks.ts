import {
  type Database,
  defineTable,
  from,
  param,
  type Query,
  sqlQuery,
  type Table,
} from "@atlas/storage";
import {
  type CacheManager,
  createCacheManager,
  createQueryCache,
  type QueryCache,
  type QueryCacheOptions,
} from "@atlas/storage/cache";
import type { SqliteStore } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";

const columns = {
  id: { type: "integer" },
  parent: { type: "integer", nullable: true },
  name: { type: "text" },
  value: { type: "integer", default: 0 },
  labels: { type: "json", default: "[]" },
  picture: { type: "blob", nullable: true },
} as const;

/** What the tests of the query cache read and write. */
export const tasks: Table<typeof columns, "tasks"> = defineTable("tasks", {
  columns,
  primaryKey: ["id"],
});

export const byId: Query<{ id: number; value: number }, { id: number }> = from(tasks)
  .select("id", "value")
  .where("id", "eq", param("id"))
  .build();

export const childrenOf: Query<{ id: number; value: number }, { parent: number }> = sqlQuery(
  "select id, value from tasks where parent = :parent order by id desc",
);

export const total: Query<{ total: number }> = sqlQuery("select sum(value) as total from tasks");

/**
 * Gives one row the next value of the database, so that values grow in the order
 * of commits, or a negative one and rolls back. Resolves with the value.
 */
export async function advance(
  database: Database,
  id: number,
  how: { readonly commit: boolean; readonly pause?: (value: number) => Promise<void> },
): Promise<number> {
  let value = -1;
  const writing = database.write(async (connection) => {
    await connection.execute("update counter set n = n + 1");
    const next = how.commit ? "(select n from counter)" : "-1";
    await connection.execute(`update tasks set value = ${next} where id = ?`, [id]);
    const { rows } = await connection.execute("select value from tasks where id = ?", [id]);
    value = Number(rows[0]?.["value"]);
    await how.pause?.(value);
    if (!how.commit) throw rolledBack;
  });
  await writing.catch((error: unknown) => {
    if (error !== rolledBack) throw error;
  });
  return value;
}

const rolledBack = new Error("rolled back");

/** Makes the tables, with rows 1 to `rows`, each the child of the one with its last digit. */
async function fill(database: Database, rows: number): Promise<void> {
  await database.write(async (connection) => {
    for (const sql of database.dialect.createTable(tasks)) await connection.execute(sql);
    await connection.execute("create table counter (n integer not null) strict");
    await connection.execute("insert into counter values (0)");
    await connection.execute("create index tasks_parent on tasks (parent)");
    await connection.execute(
      "create table notes (id text primary key, task integer references tasks (id) " +
        "on delete cascade, body text) strict",
    );
    await connection.execute(
      "insert into tasks (id, parent, name) with recursive n (id) as " +
        "(select 1 union all select id + 1 from n where id < ?) " +
        "select id, id % 10, 'task ' || id from n",
      [rows],
    );
  });
}

/** A filled database with a cache of its answers. */
export interface CachedTasks extends AsyncDisposable {
  readonly database: SqliteStore;
  readonly path: string;
  readonly cache: CacheManager;
  readonly queries: QueryCache;
  /** Sets the value of one row, in a transaction of its own. */
  set(id: number, value: number): Promise<void>;
}

/** Opens a database of 100 rows with a cache. */
export async function openCachedTasks(
  options: Partial<QueryCacheOptions> = {},
): Promise<CachedTasks> {
  const temporary = await openTemporaryDatabase();
  const { database, path } = temporary;
  await fill(database, 100);
  const cache = options.cache ?? createCacheManager();
  const queries = createQueryCache({ database, cache, ...options });
  return {
    database,
    path,
    cache,
    queries,
    set: async (id, value) => {
      await database.write((connection) =>
        connection.execute("update tasks set value = ? where id = ?", [value, id]),
      );
    },
    [Symbol.asyncDispose]: async () => {
      queries.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** A database of which some parts are replaced. */
export function withParts(
  database: Database,
  parts: Partial<QueryCacheOptions["database"]>,
): QueryCacheOptions["database"] {
  const { location, changes } = database;
  const get: Database["get"] = (...asked) => database.get(...asked);
  const all: Database["all"] = (...asked) => database.all(...asked);
  return { location, changes, get, all, ...parts };
}
