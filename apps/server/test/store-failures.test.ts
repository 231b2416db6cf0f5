import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { callTool, failTool } from "./support/call-tool.ts";
import { connectStdio, eras } from "./support/connect.ts";
import { openStore } from "./support/open-store.ts";
import { runAtlas } from "./support/run-atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

describe("D8: a store that cannot be opened", () => {
  test.each([
    [
      "a file that is no database",
      (file: string) => writeFileSync(file, "not a database, but long enough ".repeat(200)),
      "storage.not_a_database",
    ],
    [
      "a data file of another program",
      (file: string) => {
        const other = new Database(file);
        other.exec("CREATE TABLE notes (text TEXT)");
        other.close();
      },
      "storage.foreign_file",
    ],
  ])("%s is refused with its code and left as it was", async (_name, prepare, code) => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "atlas.db");
    prepare(file);
    const before = readFileSync(file);

    const ran = await runAtlas(["status", "--json", "--data", directory.path]);

    expect(ran.code).toBe(5);
    const { error } = JSON.parse(ran.stdout) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\.$/) });
    expect(error["message"]).toContain(file);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a schema newer than this program is refused and left as it was", async () => {
    using directory = temporaryDirectory();
    await using store = await openStore(directory.path);
    await store.application.tasks.create([{ name: "A" }], { actor: "a" });
    await store.application[Symbol.asyncDispose]();
    const database = new Database(join(directory.path, "atlas.db"));
    const tables = database
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE name LIKE '%migrations%'",
      )
      .all();
    for (const { name } of tables) {
      const columns = database.pragma(`table_info(${name})`) as { name: string; pk: number }[];
      const key = columns.find((column) => /version|number|id/.test(column.name))?.name ?? "";
      const names = columns.map((column) => column.name).join(", ");
      const values = columns.map((column) => (column.name === key ? "999999" : column.name));
      database.exec(
        `INSERT INTO ${name} (${names}) SELECT ${values.join(", ")} FROM ${name} LIMIT 1`,
      );
    }
    database.close();

    const ran = await runAtlas(["task", "list", "--json", "--data", directory.path]);

    expect(tables.length).toBeGreaterThan(0);
    expect(ran.code).toBe(5);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: "storage.schema_newer" } });
  });

  test("a data directory that cannot be made is told in a sentence", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "file");
    writeFileSync(file, "");

    const ran = await runAtlas(["status", "--json", "--data", join(file, "data")]);

    expect(ran.code).toBe(5);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      error: { message: expect.stringContaining("cannot be created") },
    });
  });

  test.each(eras)(
    "over stdio, $era, each call gets the reason until it is gone",
    async ({ mode }) => {
      using directory = temporaryDirectory();
      const file = join(directory.path, "atlas.db");
      writeFileSync(file, "not a database, but long enough ".repeat(200));
      await using connection = await connectStdio({ data: directory.path, mode });

      const first = await failTool(connection.client, "task_list", {});
      const second = await failTool(connection.client, "task_create", { tasks: [{ name: "A" }] });
      rmSync(file);
      const third = await callTool(connection.client, "task_create", { tasks: [{ name: "A" }] });

      expect([first.code, second.code]).toEqual([
        "storage.not_a_database",
        "storage.not_a_database",
      ]);
      expect(first.text).toContain(file);
      expect(connection.stderr()).toContain("The store cannot be opened.");
      expect(third.tasks).toHaveLength(1);
    },
  );
});

test("nothing is written outside the data directory", async () => {
  using directory = temporaryDirectory();
  using home = temporaryDirectory();
  const env = { HOME: home.path, XDG_DATA_HOME: join(home.path, "xdg"), TMPDIR: home.path };
  await using connection = await connectStdio({ data: directory.path, env });

  await callTool(connection.client, "task_create", { tasks: [{ name: "A" }] });

  expect(existsSync(join(directory.path, "atlas.db"))).toBe(true);
  expect(readdirSync(home.path)).toEqual([]);
});
