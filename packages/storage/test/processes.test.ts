import { existsSync } from "node:fs";
import { count, from, param } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { expect, test } from "vitest";
import { startChild } from "./fixtures/children.ts";
import { counters } from "./fixtures/counters.ts";

const total = from(counters).select({ n: count() }).build();
const numbersOf = from(counters)
  .select("number")
  .where("writer", "eq", param("writer"))
  .orderBy("number")
  .build();

// Eight processes start on a file that does not exist, so that making it,
// switching it to a log, migrating it and writing all happen at the same time.
test("D3: eight processes make one new file at once, and no busy error reaches a caller", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  const rows = 100;

  const children = Array.from({ length: 8 }, (_, n) =>
    startChild("write-counters.ts", path, `w${n}`, String(rows)),
  );
  const outputs = await Promise.all(children.map((child) => child.lines()));

  expect(outputs.flat().filter((line) => line.startsWith("failed"))).toEqual([]);
  await using database = await openSqlite(path);
  expect(await database.get(total)).toEqual({ n: 8 * rows });
  const ledger = await database.read((reader) =>
    reader.all({ sql: "select version from atlas_migrations", params: [] }),
  );
  expect(ledger).toEqual([{ version: 1 }]);
}, 60_000);

// Each round kills a writer between two acknowledged transactions or in the
// middle of one, and looks at what the file holds afterwards.
test("D3: after SIGKILL every acknowledged row is there, and no half of a transaction", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");

  for (let round = 0; round < 6; round += 1) {
    const writer = `w${round}`;
    await using child = startChild("write-counters.ts", path, writer, "1000000");
    for (let lines = 0; lines <= 20 + round * 13; lines += 1) await child.line();
    child.process.kill("SIGKILL");
    const acknowledged = Number((await child.lines()).at(-1));

    await using database = await openSqlite(path);
    const numbers = (await database.all(numbersOf, { writer })).map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(acknowledged);
    expect(numbers.length % 2).toBe(0);
    expect(numbers).toEqual(numbers.map((_, at) => at));
  }
  const handle = new Driver(path, { readonly: true });
  expect(handle.pragma("integrity_check", { simple: true })).toBe("ok");
  handle.close();
}, 60_000);

test("D3: a write waits for another process without stopping the event loop", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  const waits: number[] = [];
  await using database = await openSqlite(path, {
    onEvent: (event) => {
      if (event.type === "busy_wait" && event.succeeded) waits.push(event.attempts);
    },
  });
  await using child = startChild("hold-write-lock.ts", path, "200");
  await child.line();
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);

  await database.write(() => undefined);
  clearInterval(timer);

  expect(waits.length).toBeGreaterThan(0);
  expect(turns).toBeGreaterThan(1);
}, 30_000);

test("D3: a write that waits for another process gives up at its deadline", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await using database = await openSqlite(path);
  await using child = startChild("hold-write-lock.ts", path, "60000");
  await child.line();

  await expect(database.write(() => undefined, { timeoutMs: 30 })).rejects.toMatchObject({
    code: "storage.busy",
    txState: "none",
    retryable: true,
  });
  const cancelled = new AbortController();
  const waiting = database.write(() => undefined, { signal: cancelled.signal });
  cancelled.abort();
  await expect(waiting).rejects.toMatchObject({ code: "operation.cancelled" });
}, 30_000);

test("the last process to close leaves one file and no log", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  const database = await openSqlite(path);
  await database.write((connection) => connection.execute("create table t (a text) strict"));
  expect(existsSync(`${path}-wal`)).toBe(true);

  await database.close();

  expect(existsSync(`${path}-wal`)).toBe(false);
});
