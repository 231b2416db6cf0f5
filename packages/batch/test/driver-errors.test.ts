import { analyze } from "@atlas/errors";
import Database from "better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

// Goal: analyze knows what the driver really throws, and its statement about the
// transaction is true. Method: each error is provoked on a real file.

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function withFile(check: (open: () => Database.Database) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "atlas-driver-errors-"));
  const opened: Database.Database[] = [];
  try {
    check(() => {
      const database = new Database(join(folder, "data.db"), { timeout: 0 });
      database.pragma("journal_mode = WAL");
      opened.push(database);
      return database;
    });
  } finally {
    for (const database of opened) database.close();
    rmSync(folder, { recursive: true });
  }
}

it("E4: a broken constraint leaves the transaction active", () => {
  withFile((open) => {
    const database = open();
    database.exec(
      "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; BEGIN; INSERT INTO t VALUES (1)",
    );

    const error = thrownBy(() => database.exec("INSERT INTO t VALUES (1)"));

    expect(analyze(error)).toMatchObject({
      code: "storage.constraint",
      txState: "active",
      retryScope: "never",
      context: { constraint: "primarykey" },
    });
    expect(database.inTransaction).toBe(true);
  });
});

it("E4: a busy BEGIN IMMEDIATE leaves no transaction and may be repeated", () => {
  withFile((open) => {
    const [first, second] = [open(), open()];
    first.exec("BEGIN IMMEDIATE");

    const error = thrownBy(() => second.exec("BEGIN IMMEDIATE"));

    expect(analyze(error)).toMatchObject({
      code: "storage.busy",
      txState: "none",
      retryScope: "statement",
    });
    expect(second.inTransaction).toBe(false);
    first.exec("COMMIT");
    second.exec("BEGIN IMMEDIATE; COMMIT");
  });
});

it("E4: after a stale snapshot only the whole transaction may be repeated", () => {
  withFile((open) => {
    const [first, second] = [open(), open()];
    first.exec("CREATE TABLE t (id INTEGER) STRICT");
    second.exec("BEGIN");
    second.prepare("SELECT * FROM t").all();
    first.exec("INSERT INTO t VALUES (1)");
    const write = () => second.exec("INSERT INTO t VALUES (2)");

    const error = thrownBy(write);

    expect(analyze(error)).toMatchObject({
      code: "storage.snapshot_stale",
      txState: "active",
      retryScope: "transaction",
    });
    expect(second.inTransaction).toBe(true);
    expect(analyze(thrownBy(write)).code).toBe("storage.snapshot_stale");
    second.exec("ROLLBACK; BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT");
  });
});

it("E4: a full database has already rolled the transaction back", () => {
  withFile((open) => {
    const database = open();
    database.exec("CREATE TABLE t (text TEXT) STRICT; PRAGMA max_page_count = 10; BEGIN");

    const error = thrownBy(() =>
      database.prepare("INSERT INTO t VALUES (?)").run("x".repeat(100_000)),
    );

    expect(analyze(error)).toMatchObject({ code: "storage.disk_full", retryScope: "never" });
    expect([analyze(error).txState, database.inTransaction]).toEqual(["rolledBack", false]);
  });
});

it("E4: wrong SQL and wrong use are defects of the caller", () => {
  withFile((open) => {
    const database = open();

    expect(analyze(thrownBy(() => database.exec("SELEKT 1"))).code).toBe(
      "storage.statement_invalid",
    );
    expect(analyze(thrownBy(() => database.prepare("SELECT ?").get())).code).toBe(
      "operation.defect",
    );
  });
});
