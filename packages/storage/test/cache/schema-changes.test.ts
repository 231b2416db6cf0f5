import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { describe, expect, test } from "vitest";
import { openCachedTasks } from "./cached-tasks.ts";

describe("D5: cached answers when the schema changes", () => {
  test("a view that another process replaces is followed to its new table", async () => {
    await using open = await openCachedTasks();
    const { database, queries } = open;
    await using other = await openSqlite(open.path);
    const named = sqlQuery<{ n: number }>("select n from counted");
    await database.write((connection) =>
      connection.execute("create view counted as select count(*) as n from tasks"),
    );
    expect(await queries.get(named)).toEqual({ n: 100 });
    await other.write(async (connection) => {
      await connection.execute("drop view counted");
      await connection.execute("create view counted as select count(*) as n from notes");
    });
    expect(await queries.get(named)).toEqual({ n: 0 });

    await database.write((connection) =>
      connection.execute("insert into notes values ('n', 1, '')"),
    );

    expect(await queries.get(named)).toEqual({ n: 1 });
  });

  test("a trigger that is made later makes old statements drop more, whoever made it", async () => {
    await using open = await openCachedTasks();
    const { database, queries } = open;
    await using other = await openSqlite(open.path);
    const bodies = sqlQuery<{ body: string }>("select body from notes");
    const written = sqlQuery<{ n: number }>("select n from log");
    await database.write(async (connection) => {
      await connection.execute("insert into notes values ('n', 1, '')");
      await connection.execute("create table log (n integer not null)");
      await connection.execute("insert into log values (0)");
    });
    await open.set(1, 1);
    await database.write((connection) =>
      connection.execute(
        "create trigger noted after update on tasks begin update notes set body = new.value; end",
      ),
    );
    expect(await queries.get(bodies)).toEqual({ body: "" });
    await open.set(1, 2);
    expect(await queries.get(bodies)).toEqual({ body: "2" });
    await other.write((connection) =>
      connection.execute(
        "create trigger logged after update on tasks begin update log set n = new.value; end",
      ),
    );
    expect(await queries.get(written)).toEqual({ n: 0 });

    await open.set(1, 3);

    expect(await queries.get(written)).toEqual({ n: 3 });
  });

  test("what a transaction did to the schema before it rolled back is not believed", async () => {
    await using open = await openCachedTasks();
    const { database, queries } = open;
    const named = sqlQuery<{ n: number }>("select n from counted");
    await database.write((connection) =>
      connection.execute("create view counted as select count(*) as n from tasks"),
    );

    let during: unknown;
    await database
      .write(async (connection) => {
        await connection.execute("drop view counted");
        await connection.execute("create view counted as select count(*) as n from notes");
        during = await queries.get(named);
        throw new Error("no");
      })
      .catch(() => undefined);
    expect(during).toEqual({ n: 100 });
    await database.write((connection) =>
      connection.execute("insert into tasks (id, name) values (101, '')"),
    );

    expect(await queries.get(named)).toEqual({ n: 101 });
  });
});
