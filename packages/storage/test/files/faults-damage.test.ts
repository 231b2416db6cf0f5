/**
 * What callers meet when a file was damaged: by bits that flipped, by a log that
 * was cut off, by a process that was killed. Each error has a code, what was
 * acknowledged is there where that is possible at all, and service resumes.
 */
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { AtlasError } from "@atlas/errors";
import { count, type Database, from, param } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory, type TemporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { addCounter, counters, openCounters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const files = createFileManager();
const total = from(counters).select({ n: count() }).build();
const byWriter = from(counters)
  .select("number")
  .where("writer", "eq", param("writer"))
  .orderBy("number")
  .build();

/** Adds one row. */
const add = (database: Database, number: number): Promise<unknown> =>
  database.write((connection) =>
    connection.run(addCounter, { writer: "later", number, text: "x".repeat(100) }),
  );

describe("D8: a corrupt file", () => {
  test("without its header is refused untouched, and a backup brings service back", async () => {
    using directory = temporaryDirectory();
    const path = await damaged(directory, (bytes) => bytes.fill(0xa5, 0, 100));
    const before = readFileSync(path);

    await expect(openSqlite(path)).rejects.toMatchObject({ code: "storage.not_a_database" });

    expect(readFileSync(path).equals(before)).toBe(true);
    await files.restore(directory.file("backup"), path);
    await using database = await openSqlite(path);
    expect(await database.get(total)).toEqual({ n: 2_000 });
  });

  test("with spoilt pages says so where they are read, and the rest can still be read", async () => {
    using directory = temporaryDirectory();
    const path = await damaged(directory, (bytes) => {
      for (let page = 40; page < 45; page += 1) bytes.fill(0xff, page * 4_096, page * 4_096 + 64);
    });
    {
      await using database = await openSqlite(path);
      const corrupt = { code: "storage.corrupt", retryable: false };
      await expect(database.get(total)).rejects.toMatchObject(corrupt);
      await expect(files.backup(database, directory.file("x"))).rejects.toMatchObject({
        code: expect.stringMatching(/^storage\.(corrupt|backup_invalid)$/) as string,
      });
      expect((await files.checkIntegrity(database)).findings.length).toBeGreaterThan(0);
      const first = { sql: "select number from counters limit 1", params: [] };
      expect(await database.get(first)).toEqual({ number: 0 });
    }
    await files.restore(directory.file("backup"), path);

    await using database = await openSqlite(path);
    expect(await database.get(total)).toEqual({ n: 2_000 });
  });

  // One bit anywhere in the file, 60 times. SQLite has no checksums, so a value
  // may change unseen; but whatever happens is an error with a code, and the
  // process goes on.
  test("with any bit flipped gives errors with codes, never anything else", async () => {
    using directory = temporaryDirectory();
    const path = await damaged(directory, () => undefined);
    const whole = readFileSync(path);
    const seen = new Set<string>();
    let seed = 20_261_121;
    for (let round = 0; round < 120; round += 2) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      // A third of them in the header, where each bit means something.
      const at = round % 3 === 0 ? (round * 5) / 6 : seed % whole.length;
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ (1 << (seed % 8));
      writeFileSync(path, bytes);
      for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
      const error: unknown = await readAndWrite(path).catch((caught: unknown) => caught);
      if (error === undefined) continue;
      expect(error, `bit of byte ${at}`).toBeInstanceOf(AtlasError);
      seen.add((error as AtlasError).code);
    }

    const known =
      /^storage\.(corrupt|not_a_database|readonly|statement_invalid|row_invalid|constraint)$/;
    expect([...seen].filter((code) => !known.test(code))).toEqual([]);
    expect(seen.size).toBeGreaterThan(1);
  }, 60_000);
});

describe("D8: a log that was damaged after a crash", () => {
  test.each([
    ["cut off", (path: string, at: number) => truncateSync(path, at)],
    [
      "with a flipped bit",
      (path: string, at: number) => {
        const bytes = readFileSync(path);
        bytes[at] = bytes[at]! ^ 0x40;
        writeFileSync(path, bytes);
      },
    ],
  ])(
    "%s keeps every transaction before the damage, whole, and none after it",
    async (_, spoil) => {
      using directory = temporaryDirectory();
      const path = directory.file("data.db");
      const acknowledged = await killedWriter(path);
      const saved = { database: directory.file("saved.db"), log: directory.file("saved.db-log") };
      copyFileSync(path, saved.database);
      copyFileSync(`${path}-wal`, saved.log);
      const { length } = readFileSync(saved.log);
      let before = -1;
      for (const part of [0, 0.2, 0.5, 0.8, 0.97]) {
        copyFileSync(saved.database, path);
        copyFileSync(saved.log, `${path}-wal`);
        rmSync(`${path}-shm`, { force: true });
        spoil(`${path}-wal`, Math.floor(length * part) + 40);

        const database = await openCounters(path);
        const numbers = (await database.all(byWriter, { writer: "child" })).map(
          (row) => row.number,
        );
        expect(numbers).toEqual(numbers.map((_row, at) => at));
        expect(numbers.length % 2).toBe(0);
        expect(numbers.length).toBeGreaterThanOrEqual(before);
        expect(await files.checkIntegrity(database)).toMatchObject({ sound: true });
        await add(database, 1);
        await database.close();
        before = numbers.length;
      }
      copyFileSync(saved.database, path);
      copyFileSync(saved.log, `${path}-wal`);
      rmSync(`${path}-shm`, { force: true });
      await using whole = await openCounters(path);
      const all = await whole.all(byWriter, { writer: "child" });
      expect(all.length).toBeGreaterThan(acknowledged);
      expect(all.length).toBeGreaterThan(before);
    },
    60_000,
  );
});

// A process that restores two backups in turns is killed at moments that have
// nothing to do with what it does. At the path there is always one of them.
test("D9: a restore that is killed leaves the old database or the new one, and kept ones are whole", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  const names = ["a", "b"].map((name) => directory.file(name));
  for (const [at, name] of names.entries()) {
    await using database = await openFilled(directory.file("source.db"), at === 0 ? 100 : 3_000);
    await files.backup(database, name, { compression: "zstd" });
    await database.close();
    rmSync(directory.file("source.db"));
  }
  await files.restore(names[0]!, path);
  const held: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    await using child = startChild("files-restore-loop.ts", path, ...names);
    await child.line();
    await new Promise((resolve) => setTimeout(resolve, 37 * round));
    child.process.kill("SIGKILL");
    await child.ended();
    await using database = await openSqlite(path);
    held.push((await database.get(total))!.n);
    expect(await files.checkIntegrity(database)).toMatchObject({ sound: true });
  }

  expect(held.every((rows) => rows === 100 || rows === 3_000)).toBe(true);
  for (const name of readdirSync(directory.path).filter((at) => /replaced-[^-]+$/.test(at))) {
    await using kept = await openSqlite(directory.file(name));
    expect([100, 3_000]).toContain((await kept.get(total))!.n);
  }
}, 120_000);

/** A closed database of 2,000 rows that `spoil` has changed, with a backup beside it. */
async function damaged(
  directory: TemporaryDirectory,
  spoil: (bytes: Buffer) => unknown,
): Promise<string> {
  const path = directory.file("data.db");
  const database = await openFilled(path, 2_000);
  await files.backup(database, directory.file("backup"));
  await database.close();
  const bytes = readFileSync(path);
  spoil(bytes);
  writeFileSync(path, bytes);
  return path;
}

async function readAndWrite(path: string): Promise<void> {
  await using database = await openSqlite(path);
  await database.all(
    from(counters).select("writer", "number", "text").orderBy("number").limit(5_000).build(),
  );
  await add(database, 1);
}

/** A writer in another process that was killed; the number of the last row it acknowledged. */
async function killedWriter(path: string): Promise<number> {
  await using child = startChild("write-counters.ts", path, "child", "1000000", "pinned");
  for (let lines = 0; lines < 60; lines += 1) await child.line();
  child.process.kill("SIGKILL");
  return Number((await child.lines()).at(-1));
}
