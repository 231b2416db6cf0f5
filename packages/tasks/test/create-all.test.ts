import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { openEngine } from "@atlas/engine";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTaskManager, taskCollections, type TaskManager } from "@atlas/tasks";
import { describe, expect, it } from "vitest";
import { openTasks } from "./open-tasks.ts";

const script = fileURLToPath(new URL("fixtures/create-until-killed.ts", import.meta.url));
const length = 1_000;

/** Runs the job in a process, and kills it when it has told of so many tasks. */
async function run(path: string, killAt = Infinity): Promise<readonly string[]> {
  const args = ["--conditions=@atlas/source", script, path, String(length)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (Number(output.trimEnd().split("\n").at(-1)) >= killAt) child.kill("SIGKILL");
  });
  await once(child, "close");
  return output.trimEnd().split("\n");
}

describe("K2 B6: tasks from a stream", () => {
  // Goal: a job goes on after its process was killed, creates no task twice and loses none.
  // Method: one process after the other on one file, each killed further on than the one before.
  it("a killed job goes on, no task twice, none lost", { timeout: 90_000 }, async () => {
    using directory = temporaryDirectory();
    const path = directory.file("tasks.db");
    for (const killAt of [20, 200, 480]) await run(path, killAt);

    const last = await run(path);

    expect(JSON.parse(last.at(-1)!)).toMatchObject({ succeeded: length, failed: 0, skipped: 0 });
    expect(Number(last[0])).toBeGreaterThanOrEqual(480);
    await using database = await openSqlite(path);
    await using engine = await openEngine({ database, collections: taskCollections });
    const tasks: TaskManager = createTaskManager(engine);
    expect((await tasks.list({})).total).toBe(length);
    expect(await tasks.verify()).toEqual([]);
    const changes = await engine.connection.execute("SELECT count(*) AS n FROM atlas_change");
    expect(changes.rows).toEqual([{ n: length }]);
  });

  it("an option that does not exist is refused before anything is read", async () => {
    await using open = await openTasks();
    const read: string[] = [];
    const stream = {
      *[Symbol.iterator]() {
        read.push("begun");
        yield { name: "a" };
      },
    };

    const misspelt = open.tasks.createAll(stream, { actor: "ann" }, { batchsize: 1 } as object);

    await expect(misspelt).rejects.toMatchObject({ code: "configuration.unknown_option" });
    expect(read).toEqual([]);
  });
});
