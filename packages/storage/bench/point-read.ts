/**
 * One row by its primary key, out of 100,000, from a file: `await
 * database.get` against the driver's prepared statement, Kysely, and Drizzle.
 *
 * Prints one JSON line per case; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import { from, param } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Kysely, SqliteDialect } from "kysely";
import { compare, type Comparison, type Operation } from "./interleaved.ts";
import { fill, keyOf, tasks } from "./sample.ts";

interface Peer {
  readonly name: string;
  readonly read: (handle: Driver.Database) => Operation;
}

const peers: Readonly<Record<string, Peer>> = {
  "point-read": { name: "better-sqlite3 prepared", read: raw },
  "point-read-kysely": { name: "kysely", read: kysely },
  "point-read-drizzle": { name: "drizzle-orm unprepared", read: drizzleOrm },
};

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
const query = from(tasks)
  .select("id", "name", "status", "priority", "description", "updated_at")
  .where("id", "eq", param("id"))
  .build();

await using temporary = await openTemporaryDatabase();
const { database, path } = temporary;
await fill(database);
for (const [name, peer] of Object.entries(peers)) {
  if (given.case !== undefined && given.case !== name) continue;
  const handle = new Driver(path, { readonly: true });
  const atlas: Operation = (round) => database.get(query, { id: keyOf(round) });
  const result = await compare(atlas, peer.read(handle));
  handle.close();
  process.stdout.write(`${JSON.stringify(line(name, peer.name, result))}\n`);
}

function line(name: string, peerName: string, result: Comparison) {
  return {
    bench: "storage",
    case: name,
    atlas: Math.round(result.atlas),
    peer: Math.round(result.peer),
    peerName,
    unit: "ops/s",
    ratio: Number(result.ratio.toFixed(3)),
  };
}

function raw(handle: Driver.Database): Operation {
  const statement = handle.prepare(query.sql);
  return (round) => statement.get(keyOf(round));
}

function kysely(handle: Driver.Database): Operation {
  const peer = new Kysely<{ tasks: Record<string, string | number> }>({
    dialect: new SqliteDialect({ database: handle }),
  });
  const columns = ["id", "name", "status", "priority", "description", "updated_at"] as const;
  return (round) =>
    peer.selectFrom("tasks").select(columns).where("id", "=", keyOf(round)).executeTakeFirst();
}

function drizzleOrm(handle: Driver.Database): Operation {
  const table = sqliteTable("tasks", {
    id: integer().primaryKey(),
    name: text().notNull(),
    status: text().notNull(),
    priority: integer().notNull(),
    description: text().notNull(),
    updated_at: integer().notNull(),
  });
  const peer = drizzle(handle);
  return (round) =>
    peer
      .select()
      .from(table)
      .where(eq(table.id, keyOf(round)))
      .get();
}
