import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { atlas } from "./support/atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

describe("K6: import and export on the command line", () => {
  const beads = [
    { id: "bd-1", title: "One", status: "open" },
    { id: "bd-2", title: "Two", status: "closed", parent: "bd-1" },
    { id: "bd-3", title: "Three", dependencies: [{ depends_on_id: "bd-9", type: "blocks" }] },
  ].map((issue) => JSON.stringify(issue));

  test("takes in what it can, names the rest by line, and does nothing the second time", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "issues.jsonl");
    writeFileSync(file, [beads[0], "{corrupt", ...beads.slice(1)].join("\n"));

    const first = await atlas(directory, ["import", "beads", file, "--into", "old/plan"]);
    const second = await atlas(directory, ["import", "beads", file, "--into", "old/plan"]);
    const list = await atlas(directory, ["task", "list", "--under", "old/plan"]);

    expect(first).toMatchObject({
      code: 0,
      printed: {
        imported: 3,
        unchanged: 0,
        rejected: [{ line: 2, reason: "The line is not valid JSON." }],
        warnings: [{ line: 4, reason: expect.stringContaining("bd-9") }],
      },
    });
    expect(first.text).toContain("3 imported, 0 unchanged, 1 rejected\nrejected line 2: ");
    expect(second.printed).toMatchObject({ imported: 0, unchanged: 3 });
    expect(list.printed).toMatchObject({ total: 3 });
  });

  test("--reject-all takes in nothing when one line is corrupt, and exits 1", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "issues.jsonl");
    writeFileSync(file, [beads[0], "{corrupt"].join("\n"));

    const ran = await atlas(directory, ["import", "beads", file, "--reject-all"]);
    const status = await atlas(directory, ["status"]);

    expect(ran).toMatchObject({ code: 1, printed: { imported: 0, rejected: [{ line: 2 }] } });
    expect(status.printed).toMatchObject({ tasks: { total: 0 } });
  });

  test("--reject-all takes in nothing when the store refuses a record, and names its line", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "issues.jsonl");
    const huge = JSON.stringify({ id: "bd-8", title: "Huge", description: "x".repeat(70_000) });
    writeFileSync(file, [...beads, huge].join("\n"));

    const refused = await atlas(directory, ["import", "beads", file, "--reject-all"]);
    const skipped = await atlas(directory, ["import", "beads", file]);

    expect(refused).toMatchObject({
      code: 1,
      printed: { imported: 0, rejected: [{ line: 4, reason: expect.stringContaining("bd-8") }] },
    });
    expect(skipped).toMatchObject({
      code: 0,
      printed: { imported: 3, rejected: [{ line: 4, reason: expect.stringContaining("bd-8") }] },
    });
  });

  test("reads Task Master and Backlog.md as well", async () => {
    using directory = temporaryDirectory();
    const tasks = join(directory.path, "tasks.json");
    writeFileSync(tasks, JSON.stringify({ tasks: [{ id: 1, title: "One" }] }));
    const folder = join(directory.path, "project", "backlog", "tasks");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "task-1 - One.md"), "---\nid: task-1\ntitle: One\n---\n");
    writeFileSync(join(folder, "readme.md"), "# Read me\n");

    const taskmaster = await atlas(directory, ["import", "taskmaster", tasks]);
    const backlog = await atlas(directory, ["import", "backlog", join(directory.path, "project")]);
    const empty = await atlas(directory, ["import", "backlog", directory.path]);

    expect(taskmaster.printed).toMatchObject({ imported: 2 });
    expect(backlog.printed).toMatchObject({
      imported: 1,
      rejected: [{ file: join("tasks", "readme.md") }],
    });
    expect(backlog.text).toContain(`rejected ${join("tasks", "readme.md")}:1: `);
    expect(empty).toMatchObject({ code: 2, printed: { error: { code: "operation.usage" } } });
  });

  test("exports everything as one document, as lines, and into a file", async () => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A"]);
    await atlas(directory, ["task", "create", "B", "--parent", "a"]);
    const file = join(directory.path, "export.json");

    const json = await atlas(directory, ["export"]);
    const lines = await atlas(directory, ["export", "--format", "jsonl"]);
    const written = await atlas(directory, ["export", "--output", file]);
    const nowhere = await atlas(directory, ["export", "--output", join(file, "x")]);

    const document = JSON.parse(json.text) as { tasks: { path: string; version: number }[] };
    expect(document.tasks.map(({ path }) => path)).toEqual(["a", "a/b"]);
    expect(document.tasks[0]).toHaveProperty("createdAt");
    expect(
      lines.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(document.tasks);
    expect(written.printed).toEqual({ exported: 2, output: file });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(document);
    expect(nowhere.code).not.toBe(0);
  });
});
