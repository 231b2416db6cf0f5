import { existsSync, renameSync, rmSync } from "node:fs";
import { AtlasError } from "@atlas/errors";
import { count, type Database, from } from "@atlas/storage";
import { temporaryDirectory } from "@atlas/storage/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { addCounter, counters, openCounters } from "../fixtures/counters.ts";

const total = from(counters).select({ n: count() }).build();
let number = 0;
const add = (database: Database): Promise<unknown> =>
  database.write((connection) =>
    connection.run(addCounter, { writer: "w", number: (number += 1), text: "" }),
  );
// The file is compared with its path at most every 5 ms.
const untilComparedAgain = (): Promise<void> => sleep(10);

test("D8: a database that was deleted under its handle acknowledges nothing more", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await using database = await openCounters(path);
  await add(database);
  rmSync(path);
  await untilComparedAgain();

  await expect(add(database)).rejects.toMatchObject({ txState: "unknown" });
  await expect(add(database)).rejects.toBeInstanceOf(AtlasError);
  // Reopening must not make an empty database of that name by itself.
  expect(existsSync(path)).toBe(false);
});

test("D8: a database that was replaced under its handle acknowledges nothing more, and does not spoil the new one", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  const other = await openCounters(directory.file("other.db"));
  for (let row = 0; row < 5; row += 1) await add(other);
  await other.close();
  const database = await openCounters(path);
  await add(database);
  renameSync(directory.file("other.db"), path);
  await untilComparedAgain();

  await expect(add(database)).rejects.toMatchObject({ txState: "unknown" });
  await database.close().catch(() => undefined);

  await using again = await openCounters(path);
  expect(await again.get(total)).toEqual({ n: 5 });
});

test("D8: a database whose files were all deleted is not replaced by an empty one", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await using database = await openCounters(path);
  await add(database);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
  await untilComparedAgain();

  await expect(add(database)).rejects.toMatchObject({ txState: "unknown" });
  await expect(add(database)).rejects.toMatchObject({
    code: expect.not.stringMatching(/statement_invalid/) as string,
  });
  expect(existsSync(path)).toBe(false);
});
