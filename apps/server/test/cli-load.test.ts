import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { atlas } from "./support/atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const lines = (count: number, prefix = "step"): string =>
  Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      name: `Step ${at}`,
      path: `${prefix}-${at}`,
      ...(at > 0 && { dependencies: [`${prefix}-${at - 1}`] }),
    }),
  ).join("\n");

describe("B6 K2 K6: loading tasks from a file", () => {
  test("creates what it can and names the rest by line", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(
      file,
      `${lines(3)}\n\n{corrupt\n{"nmae":"x"}\n{"name":"Again","path":"step-0"}\n`,
    );

    const ran = await atlas(directory, ["load", file]);

    expect(ran).toMatchObject({
      code: 1,
      printed: {
        created: 3,
        failed: 3,
        stopped: false,
        failures: [
          { line: 5, code: "validation.failed", reason: "The line is not valid JSON." },
          { line: 6, code: "validation.failed", reason: expect.stringContaining("nmae") },
          { line: 7, code: "task.path_taken" },
        ],
      },
    });
    expect(ran.text).toContain("3 created, 3 failed\nline 5: ");
    expect((await atlas(directory, ["status"])).printed).toMatchObject({ tasks: { total: 3 } });
  });

  test.each(["sequential", "concurrent", "adaptive"])(
    "a job that is done creates nothing again, %s",
    async (strategy) => {
      using directory = temporaryDirectory();
      const file = join(directory.path, "plan.jsonl");
      writeFileSync(file, lines(2_500));
      const args = ["load", file, "--job", "plan", "--strategy", strategy];

      const first = await atlas(directory, args);
      const second = await atlas(directory, args);

      expect(first).toMatchObject({ code: 0, printed: { created: 2_500, failed: 0 } });
      expect(second).toMatchObject({ code: 0, printed: { created: 2_500, failed: 0 } });
      const status = await atlas(directory, ["status"]);
      expect(status.printed).toMatchObject({ tasks: { total: 2_500 } });
    },
  );

  test("a job goes on with the lines that its file has got since", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(file, `${lines(200)}\n`);
    const args = ["load", file, "--job", "plan"];
    await atlas(directory, args);
    appendFileSync(file, '{"name":"One more","dependencies":["step-199"]}\n');

    const again = await atlas(directory, args);

    expect(again).toMatchObject({ code: 0, printed: { created: 201 } });
    expect((await atlas(directory, ["status"])).printed).toMatchObject({ tasks: { total: 201 } });
  });

  test("Ctrl-C stops between two batches, and the job goes on from there", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(file, lines(5_000));
    const args = ["load", file, "--job", "plan"];

    const listening = process.listenerCount("SIGINT");
    const interrupted = atlas(directory, args);
    const watches = (): boolean => process.listenerCount("SIGINT") > listening;
    await expect.poll(watches, { interval: 1, timeout: 10_000 }).toBe(true);
    process.emit("SIGINT");
    const stopped = await interrupted;
    const done = await atlas(directory, args);

    expect(stopped).toMatchObject({ code: 1, printed: { stopped: true } });
    expect(done).toMatchObject({ code: 0, printed: { created: 5_000, stopped: false } });
    expect((await atlas(directory, ["status"])).printed).toMatchObject({ tasks: { total: 5_000 } });
  });

  test("the name of a job with another file is a conflict and creates nothing", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(file, lines(300));
    await atlas(directory, ["load", file, "--job", "plan"]);
    writeFileSync(file, lines(300, "other"));

    const ran = await atlas(directory, ["load", file, "--job", "plan"]);

    expect(ran.code).toBe(4);
    expect((await atlas(directory, ["status"])).printed).toMatchObject({ tasks: { total: 300 } });
  });

  test("every corrupt line is counted, and the first thousand are named", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(file, `${"{corrupt\n".repeat(1_200)}{"name":"One"}\n`);

    const { printed } = await atlas(directory, ["load", file]);

    expect(printed).toMatchObject({ created: 1, failed: 1_200 });
    expect((printed as { failures: unknown[] }).failures).toHaveLength(1_000);
  });

  test("T5: a job that a killed process left is free when its lease has run out", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.jsonl");
    writeFileSync(file, lines(10));
    await atlas(directory, ["load", file, "--job", "plan"]);
    const database = new Database(join(directory.path, "atlas.db"));
    const stateOf = (): unknown =>
      database.prepare("SELECT state FROM atlas_batch_job").pluck().get();
    database.exec("UPDATE atlas_batch_job SET state = 'running', expires_at = 1, holder = 'gone'");

    await atlas(directory, ["status"]);

    expect(stateOf()).toBe("stopped");
    database.exec("UPDATE atlas_batch_job SET state = 'running', expires_at = 9e15");
    const ran = await atlas(directory, ["load", file, "--job", "plan"]);
    expect(ran).toMatchObject({ code: 4, printed: { error: { code: "batch.job_taken" } } });
    expect(stateOf()).toBe("running");
    database.close();
  });

  test("a file that is not there is named", async () => {
    using directory = temporaryDirectory();

    const ran = await atlas(directory, ["load", join(directory.path, "none.jsonl")]);

    expect(ran.code).toBe(3);
    expect(ran.text).toContain("none.jsonl");
  });
});
