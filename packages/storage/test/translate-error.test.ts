import { AtlasError, type TransactionState } from "@atlas/errors";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { constraintOf } from "../src/sqlite/constraint.ts";
import { isBusy, translateError } from "../src/sqlite/translate-error.ts";

async function open(): Promise<TemporaryDatabase> {
  const temporary = await openTemporaryDatabase();
  await temporary.database.write(async (connection) => {
    await connection.execute("create table parents (id text primary key) strict");
    await connection.execute(
      `create table t (
        id text primary key, name text not null, n integer check (n > 0),
        parent text references parents (id), unique (name, n)
      ) strict`,
    );
    await connection.execute("insert into t (id, name, n) values ('a', 'x', 1)");
  });
  return temporary;
}

describe("E4: constraint errors say which promise would be broken", () => {
  test.each<[string, object]>([
    ["insert into t (id, name) values ('a', 'y')", { kind: "unique", table: "t", columns: ["id"] }],
    [
      "insert into t (id, name, n) values ('b', 'x', 1)",
      { kind: "unique", table: "t", columns: ["name", "n"] },
    ],
    ["insert into t (id) values ('b')", { kind: "not_null", table: "t", columns: ["name"] }],
    ["insert into t (id, name, n) values ('b', 'y', -5)", { kind: "check" }],
    [
      "insert into t (id, name, n) values ('b', 'y', 'secret')",
      { kind: "type", table: "t", columns: ["n"] },
    ],
    ["insert into t (id, name, parent) values ('b', 'y', 'secret')", { kind: "foreign_key" }],
  ])("%s", async (sql, constraint) => {
    await using temporary = await open();

    const error: unknown = await temporary.database
      .write((connection) => connection.execute(sql))
      .catch((caught: unknown) => caught);

    expect(error).toMatchObject({
      code: "storage.constraint",
      retryable: false,
      txState: "active",
      details: { constraint },
      cause: { name: "SqliteError" },
    });
    // Neither the message nor the details may hold what was written.
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  test("a trigger that refuses is some other constraint", () => {
    const cause = Object.assign(new Error("no"), { code: "SQLITE_CONSTRAINT_TRIGGER" });

    expect(constraintOf(cause)).toEqual({ kind: "other" });
    expect(translateError(cause, { during: "run" }).message).toContain("constraint");
  });
});

describe("E4: driver errors become codes with the state of the transaction", () => {
  test.each<[string, string, TransactionState | undefined]>([
    ["SQLITE_BUSY", "storage.busy", "none"],
    ["SQLITE_BUSY_RECOVERY", "storage.busy", "none"],
    ["SQLITE_BUSY_SNAPSHOT", "storage.snapshot_stale", "active"],
    ["SQLITE_FULL", "storage.disk_full", "rolledBack"],
    ["SQLITE_IOERR_WRITE", "storage.io_failed", "unknown"],
    ["SQLITE_CORRUPT", "storage.corrupt", "unknown"],
    ["SQLITE_CORRUPT_SEQUENCE", "storage.corrupt", "unknown"],
    ["SQLITE_CORRUPT_VTAB", "index.corrupt", "active"],
    ["SQLITE_CORRUPT_INDEX", "index.corrupt", "active"],
    ["SQLITE_NOTADB", "storage.not_a_database", "none"],
    ["SQLITE_READONLY_DBMOVED", "storage.readonly", undefined],
    ["SQLITE_CANTOPEN", "storage.cannot_open", "none"],
    ["SQLITE_NOMEM", "storage.out_of_memory", "unknown"],
    ["SQLITE_TOOBIG", "storage.too_big", "active"],
    ["SQLITE_LOCKED", "storage.locked", "active"],
    ["SQLITE_PERM", "storage.permission_denied", undefined],
  ])("%s is %s", (sqliteCode, code, txState) => {
    const cause = Object.assign(new Error("near 'secret'"), { code: sqliteCode });

    const error = translateError(cause, { during: "run", location: "/x/y.db" });

    expect(error).toMatchObject({ code, txState, cause, details: { sqliteCode } });
    expect(error.message).toContain("/x/y.db");
    expect(error.message).not.toContain("secret");
    expect(isBusy(cause)).toBe(code === "storage.busy");
  });

  test("what SQLite says of a statement is passed on while it has no values", () => {
    const cause = Object.assign(new Error('near "selct": syntax error'), { code: "SQLITE_ERROR" });

    expect(translateError(cause, { during: "prepare" }).message).toContain("selct");
    expect(translateError(cause, { during: "run" }).message).not.toContain("selct");
  });

  test("errors of this package stay as they are", () => {
    const error = new AtlasError("storage.closed", "Closed.");

    expect(translateError(error, { during: "run" })).toBe(error);
    expect(isBusy(error)).toBe(false);
  });

  test("errors of the driver's own checks are told by where they happen", () => {
    const cause = new TypeError("no");

    expect(translateError(cause, { during: "run" }).code).toBe("storage.value_invalid");
    expect(translateError(cause, { during: "prepare" }).code).toBe("storage.statement_invalid");
    expect(translateError(cause, { during: "open" }).code).toBe("storage.cannot_open");
    expect(translateError("no", { during: "prepare" }).code).toBe("storage.statement_invalid");
  });
});
