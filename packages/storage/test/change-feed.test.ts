import { setTimeout as sleep } from "node:timers/promises";
import type { CommittedChange, Database } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const schema = [
  "create table shelf (id integer primary key, books integer not null default 0) strict",
  "create table book (id integer primary key, shelf integer references shelf (id) on delete cascade, " +
    "title text) strict",
  "create table pair (a integer, b integer, primary key (a, b)) strict, without rowid",
  "create view titled as select id, title from book where title is not null",
  "create index book_title on book (title)",
  "create virtual table words using fts5 (title, content='book', content_rowid='id')",
  "create trigger counted after insert on book begin " +
    "update shelf set books = books + 1 where id = new.shelf; " +
    "insert into words (rowid, title) values (new.id, new.title); end",
];

async function open(): Promise<{
  database: Database;
  path: string;
  changes: (readonly string[] | "all")[];
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const temporary = await openTemporaryDatabase();
  const { database, path } = temporary;
  await database.write(async (connection) => {
    for (const sql of schema) await connection.execute(sql);
  });
  const changes: (readonly string[] | "all")[] = [];
  database.changes.subscribe(({ tables }: CommittedChange) =>
    changes.push(tables === "all" ? "all" : [...tables].toSorted()),
  );
  return {
    database,
    path,
    changes,
    [Symbol.asyncDispose]: async () => temporary[Symbol.asyncDispose](),
  };
}

describe("D5: what a commit changed is told", () => {
  test.for([
    ["insert into pair values (1, ?)", ["pair"]],
    ["insert into shelf (id) values (?)", ["shelf"]],
    ["insert into book (id) values (?)", ["book", "shelf"]],
    ["delete from shelf where id = ?", ["book", "shelf"]],
    ["update book set title = 'x' where id = ?", ["book"]],
    ["create table another (id integer)", "all"],
    ["insert into words (words) values ('rebuild')", "all"],
  ] as const)("%s changes %s, triggers and cascades included", async ([sql, tables]) => {
    await using store = await open();

    await store.database.write((connection) =>
      connection.execute(sql, sql.includes("?") ? [7] : []),
    );

    expect(store.changes).toEqual([tables]);
  });

  test("deleting every row of a table is told like any other change", async () => {
    await using store = await open();

    await store.database.write((connection) => connection.execute("delete from pair"));

    expect(store.changes).toEqual([["pair"]]);
  });

  test("one commit is told once, with everything in it", async () => {
    await using store = await open();

    await store.database.write(async (connection) => {
      await connection.execute("insert into pair values (1, 1)");
      await connection.execute("insert into pair values (1, 2)");
      await connection.execute("insert into shelf (id) values (1)");
    });

    expect(store.changes).toEqual([["pair", "shelf"]]);
  });

  test("nothing is told of a rollback, nor of what it had changed with the next commit", async () => {
    await using store = await open();
    const { database } = store;

    await expect(
      database.write(async (connection) => {
        await connection.execute("insert into pair values (1, 1)");
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await database.write((connection) => connection.execute("insert into shelf (id) values (1)"));
    await database.write((connection) => connection.execute("select 1"));

    expect(store.changes).toEqual([["shelf"]]);
  });

  test("it is told before anybody in this process can read the change", async () => {
    await using store = await open();
    const { database } = store;
    const seen: unknown[] = [];
    database.changes.subscribe(() => seen.push("told"));

    const writing = database.write((connection) =>
      connection.execute("insert into pair values (1, 1)"),
    );
    while (seen.length === 0) {
      const { n } = (await database.get<{ n: number }, object>({
        sql: "select count(*) as n from pair",
        params: [],
      })) as { n: number };
      if (n === 1 && seen.length === 0) seen.push("read before it was told");
      await sleep(0);
    }
    await writing;

    expect(seen).toEqual(["told"]);
  });

  test("a listener that throws or has left disturbs nobody", async () => {
    await using store = await open();
    const { database } = store;
    database.changes.subscribe(() => {
      throw new Error("listener");
    });
    const told: number[] = [];
    const leave = database.changes.subscribe(() => told.push(1));
    await database.write((connection) => connection.execute("insert into pair values (1, 1)"));
    leave();

    await database.write((connection) => connection.execute("insert into pair values (1, 2)"));

    expect(told).toEqual([1]);
    expect(store.changes).toHaveLength(2);
  });

  test.for([
    ["select * from pair where a = ?", ["pair"]],
    ["select id from titled", ["book"]],
    ["select title from book order by title", ["book"]],
    ["select 1", []],
    [
      "select a from pair where exists (select 1 from shelf where shelf.id = pair.a)",
      ["pair", "shelf"],
    ],
    ["select rowid from words where words match ?", "all"],
    ["select nothing from nowhere", "all"],
  ] as const)("the tables of %s are %s", async ([sql, tables]) => {
    await using store = await open();

    const read = store.database.changes.tablesRead({ sql });

    expect(read === "all" ? read : [...read].toSorted()).toEqual(tables);
  });

  test("a table that takes the place of another one is followed", async () => {
    await using store = await open();
    const { database } = store;
    const query = { sql: "select id from titled" };
    expect([...database.changes.tablesRead(query)]).toEqual(["book"]);

    await database.write(async (connection) => {
      await connection.execute("drop view titled");
      await connection.execute("create view titled as select id from shelf");
    });

    expect([...database.changes.tablesRead(query)]).toEqual(["shelf"]);
  });

  test("what another process commits changes the version, what this one commits does not", async () => {
    await using store = await open();
    await using other = await openSqlite(store.path);
    const { changes } = store.database;
    const before = changes.foreignVersion();

    await store.database.write((connection) =>
      connection.execute("insert into pair values (1, 1)"),
    );
    const afterOwn = changes.foreignVersion();
    await other.write((connection) => connection.execute("insert into pair values (2, 2)"));

    expect(afterOwn).toBe(before);
    expect(changes.foreignVersion()).not.toBe(before);
    expect(store.changes).toEqual([["pair"]]);
  });
});
