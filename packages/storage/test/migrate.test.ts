import { type Migration, migrate } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const first: Migration = { version: 1, name: "tasks", up: ["create table a (x text) strict"] };
const second: Migration = {
  version: 3,
  name: "rows",
  up: async (connection) => {
    await connection.execute("insert into a values ('one')");
  },
};

describe("bringing a schema up to date", () => {
  test("migrations run in order, once, and the ledger says so", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;

    expect(await migrate(database, [first], { now: () => 5 })).toEqual({
      version: 1,
      applied: [{ version: 1, name: "tasks" }],
    });
    expect(await migrate(database, [first, second])).toEqual({
      version: 3,
      applied: [{ version: 3, name: "rows" }],
    });
    expect(await migrate(database, [first, second])).toEqual({ version: 3, applied: [] });

    const sql = "select component, version, applied_at > 5 as later from atlas_migrations";
    expect(await database.all({ sql, params: [] })).toEqual([
      { component: "main", version: 1, later: 0 },
      { component: "main", version: 3, later: 1 },
    ]);
    expect(await database.all({ sql: "select x from a", params: [] })).toEqual([{ x: "one" }]);
  });

  test("components number their migrations by themselves", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    const other: Migration = { version: 1, name: "b", up: ["create table b (x text) strict"] };

    await migrate(database, [first], { component: "first" });
    await migrate(database, [other], { component: "second" });

    expect(await migrate(database, [first], { component: "first" })).toMatchObject({ applied: [] });
  });

  test("connections that start together run each migration once", async () => {
    using directory = temporaryDirectory();
    const databases = await Promise.all(
      Array.from({ length: 4 }, () => openSqlite(directory.file("data.db"))),
    );

    const reports = await Promise.all(
      databases.map((database) => migrate(database, [first, second])),
    );

    expect(reports.flatMap(({ applied }) => applied.map(({ version }) => version)).sort()).toEqual([
      1, 3,
    ]);
    await Promise.all(databases.map((database) => database.close()));
  });

  test("a migration that fails leaves what was before it", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    const failing: Migration = {
      version: 2,
      name: "wrong",
      up: ["create table b (x text) strict", "insert into nope values (1)"],
    };

    await expect(migrate(database, [first, failing])).rejects.toMatchObject({
      code: "storage.migration_failed",
      txState: "rolledBack",
      details: { version: 2, name: "wrong" },
      cause: { code: "storage.statement_invalid" },
    });

    expect(await database.get(database.dialect.tableExists("b"))).toBeUndefined();
    expect(await migrate(database, [first])).toEqual({ version: 1, applied: [] });
  });
});

describe("a schema that is not the program's is left alone", () => {
  test("a newer one", async () => {
    await using temporary = await openTemporaryDatabase();
    await migrate(temporary.database, [first, second]);

    await expect(migrate(temporary.database, [first])).rejects.toMatchObject({
      code: "storage.schema_newer",
      message: expect.stringContaining("upgrade the program") as string,
      details: { found: 3, known: 1 },
    });
  });

  test.each<[string, readonly Migration[]]>([
    ["statements changed", [{ ...first, up: ["create table a (y text) strict"] }, second]],
    ["a name changed", [{ ...first, name: "other" }, second]],
    ["a revision changed", [first, { ...second, revision: "2" }]],
    ["one was taken out", [second]],
  ])("one of which %s", async (_, changed) => {
    await using temporary = await openTemporaryDatabase();
    await migrate(temporary.database, [first, second]);

    await expect(migrate(temporary.database, changed)).rejects.toMatchObject({
      code: "storage.migration_changed",
    });
  });

  test("how a statement is wrapped is no change", async () => {
    await using temporary = await openTemporaryDatabase();
    await migrate(temporary.database, [first]);
    const wrapped = { ...first, up: ["  create table a\n    (x text)  strict\n"] };

    expect(await migrate(temporary.database, [wrapped])).toMatchObject({ applied: [] });
  });

  test("one into whose middle a migration was put", async () => {
    await using temporary = await openTemporaryDatabase();
    await migrate(temporary.database, [first, second]);
    const late: Migration = { version: 2, name: "late", up: ["create table b (x text) strict"] };

    await expect(migrate(temporary.database, [first, late, second])).rejects.toMatchObject({
      code: "storage.migration_invalid",
    });
  });
});

describe("lists that make no sense are refused before anything is read", () => {
  test.each<[string, readonly Migration[]]>([
    ["versions that fall", [second, first]],
    ["versions that repeat", [first, first]],
    ["a version of zero", [{ ...first, version: 0 }]],
    ["a version that is no whole number", [{ ...first, version: 1.5 }]],
    ["no name", [{ ...first, name: " " }]],
    ["no content", [{ ...first, up: [] }]],
  ])("%s", async (_, migrations) => {
    await using temporary = await openTemporaryDatabase();

    await expect(migrate(temporary.database, migrations)).rejects.toMatchObject({
      code: "storage.migration_invalid",
    });
  });

  test("a component that is no identifier, and an unknown option", async () => {
    await using temporary = await openTemporaryDatabase();

    await expect(migrate(temporary.database, [], { component: "a b" })).rejects.toMatchObject({
      code: "storage.migration_invalid",
    });
    await expect(migrate(temporary.database, [], { scope: "a" } as object)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
  });
});
