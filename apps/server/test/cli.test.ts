import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { atlas } from "./support/atlas.ts";
import { runAtlas } from "./support/run-atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

describe("K6: the command line mirrors the tools", () => {
  test("creates, lists, claims, completes, and tells the history", async () => {
    using directory = temporaryDirectory();
    const as = ["--actor", "ann"];

    const created = await atlas(directory, [
      "task",
      "create",
      "First step",
      "--path=first",
      "--tags=a,b",
      "--tags=c",
      "--priority=high",
      '--metadata={"n":1}',
      "--notes=planning: think",
      ...as,
    ]);
    const list = await atlas(directory, ["task", "list", "--status", "pending,blocked"]);
    const next = await atlas(directory, ["task", "next", "--claim", "--count", "2", ...as]);
    const [task] = (next.printed as { tasks: { lease: { token: number; holder: string } }[] })
      .tasks;
    const updated = await atlas(directory, [
      "task",
      "update",
      "first",
      "--status=completed",
      "--if-version=2",
      `--lease=${task?.lease.token}`,
      "--add-notes=completion: it works",
      ...as,
    ]);
    const got = await atlas(directory, ["task", "get", "first", "--detail", "full"]);
    const history = await atlas(directory, ["task", "history", "first", "--limit", "1"]);

    expect(created).toMatchObject({
      code: 0,
      printed: {
        tasks: [{ path: "first", name: "First step", tags: ["a", "b", "c"], priority: "high" }],
      },
    });
    expect(list.printed).toMatchObject({ tasks: [{ path: "first" }], total: 1 });
    expect(task?.lease).toMatchObject({ holder: "ann", token: 1 });
    expect(updated.printed).toMatchObject({ tasks: [{ status: "completed", version: 3 }] });
    expect(got.printed).toMatchObject({
      tasks: [
        {
          metadata: { n: 1 },
          notes: [
            { kind: "planning", text: "think", actor: "ann" },
            { kind: "completion", text: "it works" },
          ],
        },
      ],
    });
    expect(history.printed).toMatchObject({
      changes: [{ actor: "ann", version: 3 }],
      nextCursor: expect.any(String),
    });
  });

  test("claims, renews and releases with leases written as task=token", async () => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A"]);

    const claimed = await atlas(directory, ["task", "claim", "a", "--lease-seconds", "60"]);
    const renewed = await atlas(directory, ["task", "claim", "a=1", "--action", "renew"]);
    const released = await atlas(directory, ["task", "claim", "a=1", "--action", "release"]);

    expect([claimed.code, renewed.code, released.code]).toEqual([0, 0, 0]);
    expect(released.printed).toMatchObject({ tasks: [{ status: "pending" }] });
  });

  test("takes the arguments of a tool as JSON from a file", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "plan.json");
    writeFileSync(file, JSON.stringify({ tasks: [{ name: "A" }, { name: "B", parent: "a" }] }));

    const created = await atlas(directory, ["task", "create", "--input", file]);
    writeFileSync(file, "{");
    const broken = await atlas(directory, ["task", "create", "--input", file]);
    const missing = await atlas(directory, ["task", "create", "--input", `${file}.no`]);

    expect(created.printed).toMatchObject({ tasks: [{ path: "a" }, { path: "a/b" }] });
    expect(broken).toMatchObject({ code: 2, printed: { error: { code: "operation.usage" } } });
    expect(missing).toMatchObject({
      code: 3,
      printed: {
        error: { code: "storage.file_not_found", message: expect.stringContaining(file) },
      },
    });
  });

  test("moves a task to the top with the word null", async () => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A"]);
    await atlas(directory, ["task", "create", "B", "--parent", "a"]);

    const moved = await atlas(directory, ["task", "update", "a/b", "--parent", "null"]);

    expect(moved.printed).toMatchObject({ tasks: [{ path: "b" }] });
  });

  test("exits 1 when items of a call failed", async () => {
    using directory = temporaryDirectory();

    const ran = await atlas(directory, [
      "task",
      "create",
      "A",
      "--parent=missing",
      "--mode=item-by-item",
    ]);

    expect(ran).toMatchObject({ code: 1, printed: { failures: [{ index: 0 }] } });
    expect(ran.text).toContain("Item 1 failed");
  });

  test.each([
    ["an unknown command", ["nonsense"], 2, "operation.usage"],
    ["an unknown flag", ["task", "list", "--stats", "x"], 2, "operation.usage"],
    ["no number", ["task", "list", "--limit", "many"], 2, "operation.usage"],
    ["no JSON", ["task", "create", "A", "--metadata", "{"], 2, "operation.usage"],
    ["a wrong word", ["task", "list", "--status", "open"], 2, "validation.failed"],
    ["a wrong setting", ["status", "--port", "x"], 2, "configuration.invalid_setting"],
    ["an unknown format", ["import", "trello", "."], 2, "operation.usage"],
    ["an unknown task", ["task", "get", "missing"], 3, "task.not_found"],
    ["a missing source", ["import", "beads", "/nowhere"], 3, "storage.file_not_found"],
    ["a taken path", ["task", "create", "A", "--path", "a"], 4, "task.path_taken"],
  ])("the exit code tells: %s", async (...[, args, code, errorCode]) => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A", "--path", "a"]);

    const ran = await atlas(directory, args);

    expect(ran).toMatchObject({ code, printed: { error: { code: errorCode } } });
  });

  test("lines for people say what the JSON says", async () => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A", "--description", "What\nto do"]);
    await atlas(directory, ["task", "create", "B", "--parent", "a"]);
    await atlas(directory, ["task", "claim", "a/b", "--actor", "ann"]);
    const text = async (...args: string[]): Promise<string> =>
      (await atlas(directory, args, false)).text;

    expect(await text("task", "list", "--limit", "1")).toMatch(
      /a {2}A\n {4}0 % done\n2 in all\nMore: --cursor /,
    );
    expect(await text("task", "get", "a")).toContain("    What\n    to do");
    expect(await text("task", "get", "a/b")).toMatch(/held by ann until .+, lease 1/);
    expect(await text("task", "list", "--query", "nothing")).toBe("No tasks.\n0 in all");
    expect(await text("task", "history", "a/b")).toContain('status: "pending" → "in_progress"');
    expect(await text("task", "claim", "a/b=1", "--action", "release")).toContain("pending");
    expect(await text("task", "delete", "a", "--children", "cascade")).toMatch(/^Deleted t-/);
    expect(await text("status")).toContain("  total: 0");
    expect(await text("verify")).toBe("The store is sound.");
    expect(await text("config")).toContain('host              "127.0.0.1"  (default)');
    expect(await text("task", "get", "a")).toMatch(/^task\.not_found: /);
  });

  test("atlas config says where each value comes from", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "config.json"), '{"port": 1}');

    const { printed } = await atlas(directory, ["config", "--host", "::1"]);

    expect(printed).toMatchObject({
      dataDirectory: { value: directory.path, source: "flag", name: "--data" },
      host: { value: "::1", source: "flag", name: "--host" },
      port: { value: 1, source: "file", name: join(directory.path, "config.json") },
      leaseMs: { value: 900_000, source: "default" },
    });
  });

  test("atlas verify exits 1 and lists what it found", async () => {
    using directory = temporaryDirectory();
    await atlas(directory, ["task", "create", "A"]);
    const { default: Database } = await import("better-sqlite3");
    const file = new Database(join(directory.path, "atlas.db"));
    file.exec("UPDATE tasks SET children = 7");
    file.close();

    const ran = await atlas(directory, ["verify"]);

    expect(ran).toMatchObject({ code: 1, printed: { ok: false } });
    expect((ran.printed as { findings: unknown[] }).findings.length).toBeGreaterThan(0);
  });
});

describe("K6: the command as a process", () => {
  test("--json prints exactly one document on standard output, errors included", async () => {
    using directory = temporaryDirectory();
    const data = ["--data", directory.path, "--json"];

    const created = await runAtlas(["task", "create", "--input", "-", ...data], {
      input: JSON.stringify({ tasks: [{ name: "A" }] }),
    });
    const missing = await runAtlas(["task", "get", "missing", ...data]);

    expect(JSON.parse(created.stdout)).toMatchObject({ tasks: [{ name: "A" }] });
    expect(created.stderr).toBe("");
    expect(missing.code).toBe(3);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: "task.not_found" } });
  });

  test("without --json an error is one line on standard error", async () => {
    using directory = temporaryDirectory();

    const ran = await runAtlas(["task", "get", "missing", "--data", directory.path]);

    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/^task\.not_found: [^\n]+\n$/);
  });

  test("help and version leave no trace on the disk", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "never");

    const version = await runAtlas(["--version", "--data", data]);
    const help = await runAtlas(["task", "list", "--help", "--data", data]);

    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("--max-tokens <number>");
    expect(existsSync(data)).toBe(false);
  });
});
