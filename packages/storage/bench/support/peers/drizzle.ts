import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { joinLength, keyOf, rangeLength } from "../sample.ts";
import { openHandle } from "./better-sqlite3.ts";
import { chunksOf, type Peer } from "./peer.ts";

const tasks = sqliteTable("tasks", {
  id: integer().primaryKey(),
  name: text().notNull(),
  status: text().notNull(),
  priority: integer().notNull(),
  description: text().notNull(),
  updated_at: integer().notNull(),
});

const notes = sqliteTable(
  "notes",
  { task: integer().notNull(), number: integer().notNull(), body: text().notNull() },
  (table) => [primaryKey({ columns: [table.task, table.number] })],
);

const taskNote = { id: tasks.id, name: tasks.name, number: notes.number, body: notes.body };

/** Drizzle, which compiles and prepares for each call. */
export const drizzleUnprepared: Peer = {
  name: "drizzle-orm unprepared",
  open(path, synchronous) {
    const handle = openHandle(path, synchronous);
    const peer = drizzle(handle);
    return {
      pointRead: (round) =>
        peer
          .select()
          .from(tasks)
          .where(eq(tasks.id, keyOf(round)))
          .get(),
      range: (round) =>
        peer
          .select()
          .from(tasks)
          .where(and(gte(tasks.id, keyOf(round)), lt(tasks.id, keyOf(round) + rangeLength)))
          .orderBy(asc(tasks.id))
          .all(),
      join: (round) =>
        peer
          .select(taskNote)
          .from(tasks)
          .innerJoin(notes, eq(notes.task, tasks.id))
          .where(and(gte(tasks.id, keyOf(round)), lt(tasks.id, keyOf(round) + joinLength)))
          .orderBy(asc(tasks.id), asc(notes.number))
          .all(),
      insert: (row) => peer.insert(tasks).values(row).run(),
      bulk: (rows) =>
        peer.transaction((transaction) => {
          for (const chunk of chunksOf(rows)) transaction.insert(tasks).values(chunk).run();
        }),
      close: () => handle.close(),
    };
  },
};

/** Drizzle with every query prepared once. */
export const drizzlePrepared: Peer = {
  name: "drizzle-orm prepared",
  open(path, synchronous) {
    const handle = openHandle(path, synchronous);
    const peer = drizzle(handle);
    const inRange = and(
      gte(tasks.id, sql.placeholder("low")),
      lt(tasks.id, sql.placeholder("high")),
    );
    const byId = peer
      .select()
      .from(tasks)
      .where(eq(tasks.id, sql.placeholder("id")))
      .prepare();
    const range = peer.select().from(tasks).where(inRange).orderBy(asc(tasks.id)).prepare();
    const join = peer
      .select(taskNote)
      .from(tasks)
      .innerJoin(notes, eq(notes.task, tasks.id))
      .where(inRange)
      .orderBy(asc(tasks.id), asc(notes.number))
      .prepare();
    const insert = peer
      .insert(tasks)
      .values({
        id: sql.placeholder("id"),
        name: sql.placeholder("name"),
        status: sql.placeholder("status"),
        priority: sql.placeholder("priority"),
        description: sql.placeholder("description"),
        updated_at: sql.placeholder("updated_at"),
      })
      .prepare();
    return {
      pointRead: (round) => byId.get({ id: keyOf(round) }),
      range: (round) => range.all({ low: keyOf(round), high: keyOf(round) + rangeLength }),
      join: (round) => join.all({ low: keyOf(round), high: keyOf(round) + joinLength }),
      insert: (row) => insert.run({ ...row }),
      bulk: (rows) =>
        peer.transaction(() => {
          for (const row of rows) insert.run({ ...row });
        }),
      close: () => handle.close(),
    };
  },
};
