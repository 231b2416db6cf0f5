/**
 * A child process is killed at each step of a transaction with files, and then
 * its recovery at each step of recovering. Afterwards either everything of the
 * transaction is there, or nothing.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { createFileStore, type FileStep } from "@atlas/transaction/participants";
import { describe, expect, test } from "vitest";

const node = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning"];
const fixture = join(import.meta.dirname, "..", "fixtures", "file-writer.ts");

interface Ended {
  readonly killed: boolean;
  readonly output: string;
}

function runChild(args: readonly string[], file = fixture): Promise<Ended> {
  const child = spawn(process.execPath, [...node, file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve) =>
    child.on("close", (_, signal) => resolve({ killed: signal === "SIGKILL", output })),
  );
}

interface Place {
  readonly database: string;
  readonly directory: string;
}

async function prepare(place: Place): Promise<void> {
  await using database = await openSqlite(place.database);
  await database.write((connection) =>
    connection.execute("CREATE TABLE rounds (number INTEGER PRIMARY KEY)"),
  );
  for (const [name, text] of [
    ["state.txt", "state 0"],
    ["here.txt", "moving"],
    ["gone.txt", "gone"],
  ] as const)
    writeFileSync(join(place.directory, name), text);
}

/** What is there, after a recovery by this process. */
async function recoverAndLook(place: Place): Promise<{ rows: number; files: object }> {
  await using database = await openSqlite(place.database);
  await using manager = await createTransactionManager(database);
  await using files = await createFileStore(manager, database, { directory: place.directory });
  const report = await files.recover();
  expect(report.notes).toEqual([]);
  const rows = await database.all(sqlQuery("SELECT number FROM rounds"));
  expect(await database.all(sqlQuery("SELECT id FROM atlas_file_journal"))).toEqual([]);
  return { rows: rows.length, files: filesIn(place.directory) };
}

function filesIn(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(directory.length + 1), readFileSync(path, "utf8")]),
  );
}

const nothing = {
  rows: 0,
  files: { "state.txt": "state 0", "here.txt": "moving", "gone.txt": "gone" },
};
const everything = {
  rows: 1,
  files: { "state.txt": "state 1", "new/1.txt": "new 1", "there.txt": "moving" },
};

const points: readonly (readonly [FileStep["step"], number])[] = [
  ["staged", 0],
  ["staged", 2],
  ["prepared", 0],
  ["committed", 0],
  ["applied", 0],
  ["applied", 1],
  ["applied", 2],
  ["applied", 3],
  ["applied", 4],
  ["synced", 0],
  ["forgotten", 0],
];

describe("T3 T5: a process killed while files and rows change together", () => {
  test.each(points)(
    "at step %s, after %i of it",
    async (step, passes) => {
      using temporary = temporaryDirectory();
      using files = temporaryDirectory();
      const place = { database: temporary.file("a.db"), directory: files.path };
      await prepare(place);

      const ended = await runChild([place.database, place.directory, step, String(passes), "1"]);
      const found = await recoverAndLook(place);

      expect(ended.killed).toBe(true);
      const isCommitted = step !== "staged" && step !== "prepared";
      expect(found).toEqual(isCommitted ? everything : nothing);
    },
    60_000,
  );

  test("and again at every step of the recovery", async () => {
    using temporary = temporaryDirectory();
    using files = temporaryDirectory();
    const place = { database: temporary.file("a.db"), directory: files.path };
    await prepare(place);
    const run = (step: string, passes: number, task: string): Promise<Ended> =>
      runChild([place.database, place.directory, step, String(passes), task]);

    expect((await run("committed", 0, "1")).killed).toBe(true);
    // Each dies one change further on than the one before it.
    for (let passes = 0; passes < 5; passes += 1)
      expect((await run("applied", passes, "recover")).killed).toBe(true);
    expect((await run("synced", 0, "recover")).killed).toBe(true);
    expect((await run("forgotten", 0, "recover")).killed).toBe(true);

    expect(await recoverAndLook(place)).toEqual(everything);
  }, 60_000);

  test("a conflict is told of, however often the recovery that meets it is killed", async () => {
    using temporary = temporaryDirectory();
    using files = temporaryDirectory();
    const place = { database: temporary.file("a.db"), directory: files.path };
    await prepare(place);
    const run = (step: string, passes: number, task: string): Promise<Ended> =>
      runChild([place.database, place.directory, step, String(passes), task]);

    expect((await run("committed", 0, "1")).killed).toBe(true);
    writeFileSync(join(place.directory, "state.txt"), "theirs");
    expect((await run("conflict", 0, "recover")).killed).toBe(true);
    expect((await run("synced", 0, "recover")).killed).toBe(true);
    await using database = await openSqlite(place.database);
    await using manager = await createTransactionManager(database);
    await using store = await createFileStore(manager, database, { directory: place.directory });
    const { waiting, conflicts } = await store.recover();
    const [conflict, ...more] = await store.conflicts();

    expect([waiting, conflicts, more.length]).toEqual([0, 1, 0]);
    expect(conflict).toMatchObject({ path: "state.txt", kind: "put" });
    expect(filesIn(place.directory)).toEqual({
      ...everything.files,
      "state.txt": "theirs",
      [conflict?.keptAs ?? ""]: "state 1",
    });
  }, 60_000);

  test("what a living process has staged or committed is left to it", async () => {
    using temporary = temporaryDirectory();
    using files = temporaryDirectory();
    const place = { database: temporary.file("a.db"), directory: files.path };
    await prepare(place);
    await using database = await openSqlite(place.database);
    await using manager = await createTransactionManager(database);
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await using store = await createFileStore(manager, database, {
      directory: place.directory,
      onStep: async ({ step }) => {
        if (step !== "committed") return;
        reached.resolve();
        await gate.promise;
      },
    });

    const writing = store.write("state.txt", "mine");
    await reached.promise;
    const other = await runChild([place.database, place.directory, "none", "0", "recover"]);
    const conflicting = await runChild([place.database, place.directory, "none", "0", "1"]);
    gate.resolve();
    await writing;

    expect(JSON.parse(other.output)).toMatchObject({ rolledForward: 0, rolledBack: 0 });
    expect(conflicting.output).toBe("transaction.file_conflict");
    expect(filesIn(place.directory)).toEqual({ ...nothing.files, "state.txt": "mine" });
    expect(existsSync(join(place.directory, "new"))).toBe(false);
  }, 60_000);
});

test.runIf(process.getuid)(
  "T3 T5: a committed file waits while its directory may not be written, and what cannot be read is named",
  async () => {
    const { output } = await runChild([], join(fixture, "..", "unprivileged-files.ts"));

    const unread = expect.stringMatching(/lost\+found could not be searched/) as string;
    const waits = expect.stringMatching(/^d\/a\.txt: .*storage\.permission_denied/) as string;
    expect(JSON.parse(output)).toMatchObject({
      told: "transaction.apply_pending",
      first: { rolledForward: 0, waiting: 1, conflicts: 0, notes: [waits, unread] },
      second: { rolledForward: 1, waiting: 0, conflicts: 0, notes: [unread] },
      text: "committed",
    });
  },
  60_000,
);
