/**
 * Real processes on one file. Crash: children write and tell what was
 * acknowledged, are killed at random moments, and the file is compared with
 * what they told. Shared file: several processes add to one counter.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { randomFrom } from "./seeded-random.ts";

const node = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning"];
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);
const rounds = Number(process.env["ATLAS_CRASH_ROUNDS"] ?? 6);
const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);

interface Writer {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  /** Numbers whose acknowledgement was told before the end. */
  readonly told: Promise<readonly number[]>;
}

function startWriter(path: string, name: string): Writer {
  const child = spawn(process.execPath, [...node, fixture("crash-writer.ts"), path, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = Promise.withResolvers<void>();
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.startsWith("ready\n")) ready.resolve();
  });
  const told = new Promise<readonly number[]>((resolve) => {
    child.on("close", () => {
      ready.resolve();
      // The last line may have been cut off; what is complete was told.
      const lines = output.slice(0, output.lastIndexOf("\n") + 1).split("\n");
      resolve(lines.slice(1, -1).map(Number));
    });
  });
  return { process: child, ready: ready.promise, told };
}

const stored = sqlQuery<{ writer: string; number: number; halves: string }>(
  `SELECT writer, number, group_concat(half) AS halves
   FROM (SELECT * FROM halves ORDER BY half) GROUP BY writer, number`,
);

describe("processes that share a file", () => {
  test(`T1: after ${rounds} kills everything acknowledged is there, and nothing half done (seed ${seed})`, async () => {
    using directory = temporaryDirectory();
    const path = directory.file("crash.db");
    const random = randomFrom(seed);
    const told = new Map<string, readonly number[]>();

    for (let round = 0; round < rounds; round += 1) {
      // Two at a time, so that one is killed while the other has work in flight.
      const writers = [`w${round}a`, `w${round}b`].map(
        (name) => [name, startWriter(path, name)] as const,
      );
      await Promise.all(writers.map(([, { ready }]) => ready));
      for (const [name, writer] of writers) {
        await sleep(random() * 60);
        writer.process.kill("SIGKILL");
        told.set(name, await writer.told);
      }
    }

    await using database = await openSqlite(path);
    const halves = new Map<string, string>();
    for (const row of await database.all(stored))
      halves.set(`${row.writer} ${row.number}`, row.halves);
    const lost = [...told].flatMap(([name, numbers]) =>
      numbers.filter((number) => !halves.has(`${name} ${number}`)).map((n) => `${name} ${n}`),
    );
    const partial = [...halves].filter(([, found]) => found !== "0,1");
    expect(lost).toEqual([]);
    expect(partial).toEqual([]);
    expect(halves.size).toBeGreaterThan(rounds);
    const check = await database.all(
      sqlQuery<{ integrity_check: string }>("PRAGMA integrity_check"),
    );
    expect(check).toEqual([{ integrity_check: "ok" }]);
  }, 120_000);

  test("T1: four processes add to one counter; nothing is lost and no busy error is seen", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("counter.db");
    await using database = await openSqlite(path);
    await using manager = await createTransactionManager(database);
    await manager.connection.execute("CREATE TABLE counter (value INTEGER)");
    await manager.connection.execute("INSERT INTO counter VALUES (0)");

    const outputs = await Promise.all(
      Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [
          ...node,
          fixture("counter-process.ts"),
          path,
          "100",
        ]),
      ),
    );

    expect(outputs.map(({ stdout }) => stdout)).toEqual(["[]", "[]", "[]", "[]"]);
    const counter = sqlQuery<{ value: number }>("SELECT value FROM counter");
    expect(await database.get(counter)).toEqual({ value: 400 });
  }, 60_000);

  test("T2: waiting for another process leaves the event loop free and has a deadline", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("locked.db");
    await using first = await openSqlite(path);
    await using second = await openSqlite(path);
    await using holder = await createTransactionManager(first);
    await using waiter = await createTransactionManager(second);
    const release = Promise.withResolvers<void>();
    const holding = holder.atomic(() => release.promise);
    await sleep(20);

    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const late = waiter.atomic(() => "late", { waitTimeoutMs: 60 });
    await expect(late).rejects.toMatchObject({ code: "transaction.timeout", txState: "none" });
    clearInterval(counting);
    const patient = waiter.atomic(() => "done");
    release.resolve();

    expect(turns).toBeGreaterThan(5);
    expect(await patient).toBe("done");
    await holding;
  });
});
