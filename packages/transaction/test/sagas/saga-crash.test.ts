/**
 * Real processes, two at a time, run sagas, are killed at random moments, and are
 * followed by others that recover. In the end every effect in the store was made exactly
 * once, every undone one was undone exactly once, and what was told is true.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../seeded-random.ts";

const rounds = Number(process.env["ATLAS_CRASH_ROUNDS"] ?? 4);
const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);
const node = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning"];
const program = join(import.meta.dirname, "../fixtures/saga-process.ts");

interface Child {
  readonly ready: Promise<void>;
  /** Complete lines after the first, when the process has ended. */
  readonly lines: Promise<readonly string[]>;
  kill(): void;
}

function start(...parameters: readonly string[]): Child {
  const child = spawn(process.execPath, [...node, program, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = Promise.withResolvers<void>();
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.startsWith("ready\n")) ready.resolve();
  });
  const lines = new Promise<readonly string[]>((resolve) => {
    child.on("close", () => {
      ready.resolve();
      resolve(
        output
          .slice(0, output.lastIndexOf("\n") + 1)
          .split("\n")
          .slice(1, -1),
      );
    });
  });
  return { ready: ready.promise, lines, kill: () => void child.kill("SIGKILL") };
}

const unfinished = sqlQuery(
  "SELECT id FROM atlas_sagas WHERE status NOT IN ('completed', 'compensated')",
);
const repeated = sqlQuery(
  "SELECT saga, step, kind, count(*) AS times FROM effects GROUP BY saga, step, kind HAVING times > 1",
);
const takenUp = sqlQuery<{ count: number }>(
  "SELECT count(*) AS count FROM atlas_saga_history WHERE text LIKE '%taken up again%'",
);
const fates = sqlQuery<{ key: string; status: string; done: number; undone: number }>(
  `SELECT key, status,
     (SELECT count(*) FROM effects WHERE saga = key AND kind = 'done') AS done,
     (SELECT count(*) FROM effects WHERE saga = key AND kind = 'undone') AS undone
   FROM atlas_sagas`,
);

describe("T8: crashes", () => {
  test(`T8: after ${2 * rounds} kills every step's effect was made exactly once (seed ${seed})`, async () => {
    using directory = temporaryDirectory();
    const path = directory.file("sagas.db");
    const random = randomFrom(seed);
    const told = new Map<string, string>();

    for (let round = 0; round < rounds; round += 1) {
      // Two at a time: each takes up what its own name left, and in time what the other did.
      const children = ["one", "two"].map((holder) =>
        start(path, "work", `${round}${holder}`, holder),
      );
      await Promise.all(children.map(({ ready }) => ready));
      for (const child of children) {
        await sleep(20 + random() * 300);
        child.kill();
        for (const line of await child.lines) {
          const [key = "", status = ""] = line.split(" ");
          told.set(key, status);
        }
      }
    }
    const notes = await start(path, "finish", "0", "three").lines;

    await using database = await openSqlite(path);
    expect(notes).toEqual(["[]"]);
    expect(await database.all(unfinished)).toEqual([]);
    expect(await database.all(repeated)).toEqual([]);
    const rows = await database.all(fates);
    const wrong = rows.filter(({ status, done, undone }) =>
      status === "completed" ? done !== 4 || undone !== 0 : done !== undone,
    );
    expect(wrong).toEqual([]);
    const byKey = new Map(rows.map(({ key, status }) => [key, status]));
    const untrue = [...told].filter(([key, status]) => byKey.get(key) !== status);
    expect(untrue).toEqual([]);
    const resumed = (await database.get(takenUp))?.count ?? 0;
    const figures = { seed, rounds, sagas: rows.length, told: told.size, resumed };
    if (process.env["ATLAS_FIGURES"] !== undefined)
      process.stdout.write(`${JSON.stringify(figures)}\n`);
    // Kills that always find nothing under way would prove nothing.
    expect(resumed).toBeGreaterThan(0);
  }, 300_000);
});
