import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { describe, expect, test } from "vitest";
import { byId, childrenOf, openCachedTasks, total } from "./cached-tasks.ts";

describe("D5: answers that survive commits to other rows", () => {
  const followRows = { tasks: ["id", "parent"] };

  test("one row by its key is dropped by its own change only", async () => {
    await using open = await openCachedTasks({ followRows });
    const { queries, cache } = open;
    await open.set(1, 1);
    await queries.get(byId, { id: 1 });
    await queries.get(byId, { id: 2 });
    await queries.get(total);

    await open.set(2, 5);

    expect(cache.stats().entries).toBe(1);
    expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 1 });
    expect(await queries.get(byId, { id: 2 })).toEqual({ id: 2, value: 5 });
    expect(await queries.get(total)).toEqual({ total: 6 });
  });

  test("rows by a column are dropped where a row comes, goes, moves or changes", async () => {
    await using open = await openCachedTasks({ followRows });
    const { database, queries } = open;
    const ids = async (parent: number): Promise<number[]> =>
      (await queries.all(childrenOf, { parent })).map(({ id }) => id);
    const write = (sql: string): Promise<unknown> =>
      database.write((connection) => connection.execute(sql));
    await write("update tasks set value = 0 where id = 1");
    const lists = async (): Promise<number[][]> => [await ids(1), await ids(2), await ids(3)];
    const [first = [], second = [], third] = await lists();

    await write("update tasks set parent = 2 where id = 91");
    expect(await lists()).toEqual([
      first.slice(1),
      [...second.slice(0, 1), 91, ...second.slice(1)],
      third,
    ]);
    await write("delete from tasks where id = 92");
    expect(await lists()).toEqual([first.slice(1), [91, ...second.slice(1)], third]);
    await write("insert into tasks (id, parent, name) values (201, 1, '')");
    expect(await lists()).toEqual([[201, ...first.slice(1)], [91, ...second.slice(1)], third]);

    expect(open.cache.stats()).toMatchObject({ loads: 3 + 2 + 1 + 1 });
  });

  test("rows that triggers, cascades, upserts and replacements change are seen", async () => {
    await using open = await openCachedTasks({ followRows: { ...followRows, notes: ["id"] } });
    const { database, queries } = open;
    const note = sqlQuery<{ body: string }, { id: string }>(
      "select body from notes where id = :id",
    );
    const write = (sql: string): Promise<unknown> =>
      database.write((connection) => connection.execute(sql));
    await write("insert into notes values ('a', 1, 'x'), ('b', 2, 'x')");
    await write(
      "create trigger touched after update of name on tasks begin " +
        "update notes set body = new.name where task = new.id; end",
    );
    await write("update tasks set value = 0 where id = 1");
    const bodies = async (): Promise<unknown[]> => [
      (await queries.get(note, { id: "a" }))?.body,
      (await queries.get(note, { id: "b" }))?.body,
      (await queries.get(byId, { id: 3 }))?.value,
    ];
    expect(await bodies()).toEqual(["x", "x", 0]);

    await write("update tasks set name = 'named' where id = 1");
    expect(await bodies()).toEqual(["named", "x", 0]);
    await write("delete from tasks where id = 2");
    expect(await bodies()).toEqual(["named", undefined, 0]);
    await write("insert into tasks (id, name) values (3, '') on conflict do update set value = 8");
    expect(await bodies()).toEqual(["named", undefined, 8]);
    await write("insert or replace into tasks (id, name, value) values (3, '', 9)");
    expect(await bodies()).toEqual(["named", undefined, 9]);
    await write("delete from tasks");
    expect(await bodies()).toEqual([undefined, undefined, undefined]);
  });

  test("a commit of many rows drops the whole table", async () => {
    await using open = await openCachedTasks({ followRows });
    await open.database.write((connection) =>
      connection.execute(
        "insert into tasks (id, name) with recursive n (id) as " +
          "(select 101 union all select id + 1 from n where id < 3000) select id, '' from n",
      ),
    );
    await open.queries.get(byId, { id: 2_999 });

    await open.database.write((connection) => connection.execute("update tasks set value = 4"));

    expect(await open.queries.get(byId, { id: 2_999 })).toEqual({ id: 2_999, value: 4 });
  });

  test("a table that is replaced, here or by another process, is followed on", async () => {
    await using open = await openCachedTasks({ followRows });
    const { database, queries } = open;
    await using other = await openSqlite(open.path);
    const replace = [
      "drop table notes",
      "drop table tasks",
      "create table tasks (id integer primary key, parent integer, name text, " +
        "value integer not null default 0, labels text, picture blob) strict",
      "insert into tasks (id, name) values (1, ''), (2, '')",
      "create table notes (id text primary key) strict",
    ];
    for (const store of [database, other, database]) {
      await store.write(async (connection) => {
        for (const sql of replace) await connection.execute(sql);
      });
      expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 0 });
      await open.set(1, 3);
      expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 3 });
      await open.set(1, 4);
      expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 4 });
    }
  });

  test("a followed column that another process renames does not stop writes", async () => {
    await using open = await openCachedTasks({ followRows });
    await using other = await openSqlite(open.path);
    await open.set(1, 1);
    await other.write((connection) =>
      connection.execute("alter table tasks rename column parent to above"),
    );

    await open.set(1, 2);

    expect(await open.queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 2 });
  });
});
