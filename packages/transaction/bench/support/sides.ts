import { join } from "node:path";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import Sqlite from "better-sqlite3";

/** One side of the comparison: two inserts and an update per transaction. */
export interface Side {
  /** Runs one transaction and resolves when it is acknowledged. */
  readonly once: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const schema = `
  CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER NOT NULL) STRICT;
  CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE TABLE c (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;
  INSERT INTO c VALUES (1, 0);`;
const updateC = "UPDATE c SET n = n + 1 WHERE id = 1";

/** Durable; durable and never synced on the main thread; not durable. */
export const settings = ["full", "thread", "relaxed"] as const;
export type Setting = (typeof settings)[number];

/** What the peer does of the same worth. */
export function synchronousOf(setting: Setting): "FULL" | "NORMAL" {
  return setting === "relaxed" ? "NORMAL" : "FULL";
}

/** Atlas, with its own sync. */
export async function openAtlas(directory: string, setting: Setting): Promise<Side> {
  const durability = setting === "relaxed" ? "relaxed" : "full";
  const database = await openSqlite(join(directory, `atlas-${setting}.db`), { durability });
  const manager = await createTransactionManager(database, {
    durability,
    ...(setting === "thread" && { blockingSyncMaxMs: 0 }),
  });
  for (const text of schema.split(";").filter((part) => part.trim() !== ""))
    await manager.connection.execute(text);
  const a = sqlQuery<never, { name: string; n: number }>(
    "INSERT INTO a (name, n) VALUES (:name, :n)",
  );
  const b = sqlQuery<never, { name: string }>("INSERT INTO b (name) VALUES (:name)");
  const c = sqlQuery<never>(updateC);
  let name = 0;
  return {
    once: () =>
      manager.program((sync) => {
        name += 1;
        sync.run(a, { name: `task ${name}`, n: name });
        sync.run(b, { name: `note ${name}` });
        sync.run(c);
      }),
    close: async () => {
      await manager.close();
      await database.close();
    },
  };
}

/** better-sqlite3, one transaction after the other. */
export function openRaw(directory: string, setting: Setting): Side {
  const database = new Sqlite(join(directory, `raw-${setting}.db`));
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${synchronousOf(setting)}`);
  database.exec(schema);
  const a = database.prepare("INSERT INTO a (name, n) VALUES (?, ?)");
  const b = database.prepare("INSERT INTO b (name) VALUES (?)");
  const c = database.prepare(updateC);
  let name = 0;
  const once = database.transaction(() => {
    name += 1;
    a.run(`task ${name}`, name);
    b.run(`note ${name}`);
    c.run();
  }).immediate;
  return { once: async () => once(), close: async () => void database.close() };
}
