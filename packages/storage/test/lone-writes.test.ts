import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { expect, test } from "vitest";

const insert = sqlQuery<never>("insert into t values (1)");

// On which thread a sync ran shows in whether the event loop got a turn meanwhile.
test.for([
  ["quick", 0, 0],
  ["slow", 3, 2],
] as const)(
  "on a %s device a lone write is synced where that is cheaper",
  async ([, syncMs, turns]) => {
    using directory = temporaryDirectory();
    // A clock that goes on by the length of a sync whenever it is asked.
    let now = 0;
    await using database = await openSqlite(directory.file("data.db"), {
      clock: () => (now += syncMs),
      healthCheckMs: 0,
    });
    await database.write((connection) => connection.execute("create table t (a integer) strict"));
    let turned = 0;

    for (let write = 0; write < 2; write += 1) {
      const turn = setImmediate(() => (turned += 1));
      await database.write((connection) => connection.run(insert));
      clearImmediate(turn);
    }

    expect(turned).toBe(turns);
  },
);

test("writes that wait for each other share the thread's syncs", async () => {
  using directory = temporaryDirectory();
  const synced: number[] = [];
  await using database = await openSqlite(directory.file("data.db"), {
    onEvent: ({ type }) => void (type === "synced" && synced.push(1)),
  });
  await database.write((connection) => connection.execute("create table t (a integer) strict"));
  synced.length = 0;

  await Promise.all(
    Array.from({ length: 50 }, () => database.write((connection) => connection.run(insert))),
  );

  expect(await database.get(sqlQuery("select count(*) as n from t"))).toEqual({ n: 50 });
  expect(synced.length).toBeLessThan(50);
});

test("a signal that has fired already lets nothing begin", async () => {
  using directory = temporaryDirectory();
  await using database = await openSqlite(directory.file("data.db"));
  const signal = AbortSignal.abort();
  let ran = 0;

  const write = database.write(() => (ran += 1), { signal });
  const read = database.read(() => (ran += 1), { signal });

  await expect(write).rejects.toMatchObject({ code: "operation.cancelled" });
  await expect(read).rejects.toMatchObject({ code: "operation.cancelled" });
  expect(ran).toBe(0);
});
