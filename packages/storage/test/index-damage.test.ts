import {
  defineTable,
  type RawRow,
  sqlQuery,
  type StorageEvent,
  type WriterLease,
} from "@atlas/storage";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { damageOf } from "../src/sqlite/damage-of.ts";
import { sqliteDialect } from "../src/sqlite/sqlite-dialect.ts";
import { runAll } from "./fixtures/run-all.ts";
import { scribble, tamper, tamperBehind } from "./fixtures/tamper.ts";

const notes = defineTable("notes", {
  columns: { seq: { type: "integer" }, title: { type: "text" }, body: { type: "text" } },
  primaryKey: ["seq"],
});
const search = { name: "notes_search", table: "notes", columns: { body: 1 } } as const;
const insert = "insert into notes (seq, title, body) values";

interface Store extends TemporaryDatabase {
  readonly events: readonly StorageEvent["type"][];
}

/** Five notes with a search index, an index of titles, and a table that has neither. */
async function openNotes(): Promise<Store> {
  const events: StorageEvent["type"][] = [];
  const temporary = await openTemporaryDatabase({ onEvent: ({ type }) => void events.push(type) });
  await runAll(temporary.database, [
    ...sqliteDialect.createTable(notes),
    ...sqliteDialect.createSearchIndex(search, notes),
    "create index notes_title on notes (title)",
    "create index notes_body on notes (body)",
    "create table others (n integer check (n > 0)) strict",
    ...[1, 2, 3, 4, 5].map((seq) => `${insert} (${seq}, 'title ${seq}', 'body ${seq}')`),
  ]);
  return { ...temporary, events };
}

/** What the search index cannot do without: then it can store nothing. */
function loseSearchPage({ path }: TemporaryDatabase): void {
  tamper(path, "delete from notes_search_data where id = 10");
}

/** Row 6 has no entry in the index of titles. */
function loseEntry({ path }: TemporaryDatabase): void {
  tamperBehind(path, "notes_title", `${insert} (6, 'title 6', 'body 6')`);
}

async function write({ database }: TemporaryDatabase, ...statements: string[]): Promise<void> {
  await runAll(database, statements);
}

async function rowsOf({ database }: TemporaryDatabase): Promise<unknown> {
  const sql =
    "select (select group_concat(body) from (select body from notes not indexed order by seq))" +
    " as notes, (select count(*) from others) as others";
  return database.get({ sql, params: [] });
}

function integrity({ path }: TemporaryDatabase): unknown {
  const handle = new Driver(path);
  try {
    return handle.pragma("integrity_check", { simple: true });
  } finally {
    handle.close();
  }
}

const five = "body 1,body 2,body 3,body 4,body 5";

describe("D8, E4: a damaged index is told from a damaged file", () => {
  test("a search index that lost a page undoes the write that needs it, and no other", async () => {
    await using store = await openNotes();
    loseSearchPage(store);

    await expect(
      write(store, "insert into others values (1)", `${insert} (7, 'seven', 'oak')`),
    ).rejects.toMatchObject({
      code: "index.corrupt",
      severity: "high",
      recoverable: true,
      retryable: false,
      txState: "rolledBack",
      details: { sqliteCode: "SQLITE_CORRUPT_VTAB", tables: ["notes"] },
    });
    expect(await rowsOf(store)).toEqual({ notes: five, others: 0 });
    await write(store, "insert into others values (2)");
    await write(store, ...sqliteDialect.rebuildSearchIndex(search));
    await write(store, `${insert} (7, 'seven', 'oak')`);

    expect(await rowsOf(store)).toEqual({ notes: `${five},oak`, others: 1 });
    expect(integrity(store)).toBe("ok");
    expect(store.events).not.toContain("reopened");
  });

  test("an index that lost an entry refuses the row, and no other", async () => {
    await using store = await openNotes();
    loseEntry(store);

    await expect(write(store, "delete from notes where seq = 6")).rejects.toMatchObject({
      code: "index.corrupt",
      details: { sqliteCode: "SQLITE_CORRUPT_INDEX", tables: ["notes"] },
    });
    await write(store, "insert into others values (1)", "delete from notes where seq = 5");
    await write(store, "reindex notes_title", "delete from notes where seq = 6");

    expect(await rowsOf(store)).toEqual({ notes: "body 1,body 2,body 3,body 4", others: 1 });
    expect(integrity(store)).toBe("ok");
    expect(store.events).not.toContain("reopened");
  });

  test("half of a statement is not committed by a body that swallows the error", async () => {
    await using store = await openNotes();
    // Without triggers SQLite keeps no way back from the middle of such a statement.
    await write(store, ...sqliteDialect.dropSearchIndex(search));
    loseEntry(store);

    const written = store.database.write(async (connection) => {
      await connection.execute("insert into others values (1)");
      await connection.execute("delete from notes where seq in (5, 6)").catch(() => undefined);
    });

    await expect(written).rejects.toMatchObject({ code: "index.corrupt", txState: "rolledBack" });
    expect(await rowsOf(store)).toEqual({ notes: `${five},body 6`, others: 0 });
  });

  test("the damage does not spread to indexes that are sound", async () => {
    await using store = await openNotes();
    await write(store, ...sqliteDialect.dropSearchIndex(search));
    loseEntry(store);
    // SQLite takes the entries of a row out of the newest index first.
    await write(store, "create index notes_late on notes (body, title)");

    const written = store.database.write((connection) =>
      connection.execute("delete from notes where seq = 6").catch(() => undefined),
    );

    await expect(written).rejects.toMatchObject({ code: "index.corrupt" });
    await write(store, "reindex notes_title");
    expect(integrity(store)).toBe("ok");
  });
});

/** A writer inside a transaction that has written one other row. */
async function begin({ database }: TemporaryDatabase): Promise<WriterLease> {
  const lease = await database.unsafeTakeWriter();
  expect(await lease.writer.tryBegin()).toBe(true);
  await lease.writer.execute("insert into others values (1)");
  return lease;
}

describe("D8, E4: savepoints around a damaged index", () => {
  test("a savepoint whose work a search index refuses takes all with it, but only once", async () => {
    await using store = await openNotes();
    loseSearchPage(store);
    const lease = await begin(store);
    const { writer } = lease;
    const update = "update notes set body = 'elm' where seq = 1";
    await writer.savepoint("member");
    await writer.execute(update);
    expect(() => writer.release("member")).toThrow(
      expect.objectContaining({ code: "index.corrupt", txState: "rolledBack", retryable: false }),
    );
    expect(writer.inTransaction).toBe(false);

    expect(await writer.tryBegin()).toBe(true);
    await writer.execute("insert into others values (1)");
    await writer.savepoint("member");
    await writer.execute(update);
    expect(() => writer.release("member")).toThrow(
      expect.objectContaining({ code: "index.corrupt", txState: "active" }),
    );
    await writer.rollbackTo("member");
    await writer.commit();

    expect(await rowsOf(store)).toEqual({ notes: five, others: 1 });
    lease.release();
  });

  test("without a savepoint to go back to, everything is rolled back and may be tried again", async () => {
    await using store = await openNotes();
    loseSearchPage(store);
    const lease = await begin(store);
    const { writer } = lease;
    for (const end of ["release", "rollbackTo"] as const) {
      await writer.savepoint("member");
      await writer[end]("member");
    }
    await writer.execute("update notes set body = 'elm' where seq = 1");

    expect(() => writer.savepoint("member")).toThrow(
      expect.objectContaining({
        code: "index.corrupt",
        txState: "rolledBack",
        retryable: true,
        details: expect.objectContaining({ tables: ["notes"] }),
      }),
    );
    expect(writer.inTransaction).toBe(false);
    expect(lease.reopenRequired()).toBe(false);
    expect(await writer.tryBegin()).toBe(true);
    await writer.savepoint("member");
    await writer.release("member");
    await writer.commit();

    expect(await rowsOf(store)).toEqual({ notes: five, others: 0 });
    lease.release();
  });

  test("a savepoint inside another one leaves the outer one to go back to", async () => {
    await using store = await openNotes();
    loseSearchPage(store);
    const lease = await begin(store);
    const { writer } = lease;
    await writer.savepoint("outer");
    await writer.execute("update notes set body = 'elm' where seq = 1");

    const active = expect.objectContaining({ code: "index.corrupt", txState: "active" });
    expect(() => writer.savepoint("inner")).toThrow(active);
    expect(() => writer.savepoint("inner")).toThrow(active);
    expect(() => writer.release("outer")).toThrow(active);
    await writer.rollbackTo("outer");
    await writer.commit();

    expect(await rowsOf(store)).toEqual({ notes: five, others: 1 });
    lease.release();
  });

  test("after a statement was refused only going back is accepted", async () => {
    await using store = await openNotes();
    loseEntry(store);
    const lease = await begin(store);
    const { writer } = lease;
    const refused = { code: "index.corrupt" };
    await writer.savepoint("member");
    await expect(writer.execute("delete from notes where seq = 6")).rejects.toMatchObject(refused);

    expect(() => writer.release("member")).toThrow(expect.objectContaining(refused));
    await writer.rollbackTo("member");
    await writer.execute("delete from notes where seq = 1");
    await expect(writer.execute("delete from notes where seq = 6")).rejects.toMatchObject(refused);
    expect(() => writer.commit()).toThrow(
      expect.objectContaining({ ...refused, txState: "rolledBack" }),
    );

    expect(await rowsOf(store)).toEqual({ notes: `${five},body 6`, others: 0 });
    lease.release();
  });

  test("many rows are taken back together, and the transaction goes on", async () => {
    await using store = await openNotes();
    loseEntry(store);
    const lease = await begin(store);
    const { writer } = lease;
    const remove = sqlQuery<RawRow, { seq: number }>("delete from notes where seq = :seq");

    const rows = [{ seq: 5 }, { seq: 6 }];
    await expect(writer.runMany(remove, rows)).rejects.toMatchObject({ code: "index.corrupt" });
    await writer.commit();

    expect(await rowsOf(store)).toEqual({ notes: `${five},body 6`, others: 1 });
    lease.release();
  });
});

describe("D8: reopening", () => {
  test.each([
    ["a search index that lost a page", loseSearchPage],
    ["an index that lost an entry", loseEntry],
  ])("accepts a file with %s", async (_, damage) => {
    await using store = await openNotes();
    damage(store);
    expect(integrity(store)).not.toBe("ok");
    const lease = await store.database.unsafeTakeWriter();

    await lease.reopen();

    expect(await lease.writer.tryBegin()).toBe(true);
    lease.release();
  });

  test.each<[string, (path: string) => void]>([
    ["a page of a table", (path) => scribble(path, "others")],
    ["a page of an index", (path) => scribble(path, "notes_title")],
    ["a page of a search index", (path) => scribble(path, "notes_search_data")],
    [
      "a page that belongs to two tables, beside a damaged search index",
      (path) =>
        tamper(
          path,
          `insert into sqlite_schema
             select type, 'twin', 'twin', rootpage, replace(sql, 'others', 'twin')
             from sqlite_schema where name = 'others';
           delete from notes_search_data where id = 10`,
        ),
    ],
    [
      "a row that breaks a condition, beside a damaged search index",
      (path) =>
        tamper(
          path,
          `pragma ignore_check_constraints = on; insert into others values (-1);
           delete from notes_search_data where id = 10`,
        ),
    ],
  ])("refuses a file with damage in %s", async (_, damage) => {
    await using store = await openNotes();
    damage(store.path);
    const lease = await store.database.unsafeTakeWriter();

    await expect(lease.reopen()).rejects.toMatchObject({ code: "storage.corrupt" });
    expect(lease.reopenRequired()).toBe(true);
    lease.release();
  });

  test("a sound file has no damage", async () => {
    await using store = await openNotes();
    const handle = new Driver(store.path);

    expect(damageOf(handle)).toBe("none");
    handle.close();
  });
});
