import { createMissingTables, defineTable, sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { expect, test } from "vitest";

const columns = { id: { type: "text" }, n: { type: "integer" } } as const;
const first = defineTable("first", { columns, primaryKey: ["id"] });
const second = defineTable("second", { columns, primaryKey: ["id"] });
const indexes = [
  { name: "first_n", table: "first", on: ["n"] },
  { name: "second_n", table: "second", on: ["n"] },
];
const names = sqlQuery("select name from sqlite_schema where sql is not null order by name");

test("only tables that are missing are made, each with its indexes", async () => {
  await using temporary = await openTemporaryDatabase();
  const { database } = temporary;
  const { dialect } = database;
  // Made by somebody else, without the index: it is theirs.
  await database.write((connection) => connection.execute("create table second (other text)"));

  for (let time = 0; time < 2; time += 1) {
    await database.write((connection) =>
      createMissingTables(connection, dialect, { tables: [first, second], indexes }),
    );
  }
  await database.write((connection) => createMissingTables(connection, dialect, { tables: [] }));

  expect((await database.all(names)).map(({ name }) => name)).toEqual([
    "first",
    "first_n",
    "second",
  ]);
});
