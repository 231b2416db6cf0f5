import { describe, expect, test } from "vitest";
import { callTool, failTool } from "./support/call-tool.ts";
import { connectStdio, eras } from "./support/connect.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const toolNames = [
  "task_create",
  "task_update",
  "task_get",
  "task_list",
  "task_next",
  "task_claim",
  "task_delete",
  "task_history",
  "system_status",
];

describe.each(eras)("K6: MCP over stdio, $era", ({ mode }) => {
  test("offers its tools in order, within 3,000 tokens, with hints and output schemas", async () => {
    using directory = temporaryDirectory();
    await using connection = await connectStdio({ data: directory.path, mode });

    const list = await connection.client.listTools();

    expect(list.tools.map(({ name }) => name)).toEqual(toolNames);
    expect(Buffer.byteLength(JSON.stringify(list)) / 4).toBeLessThanOrEqual(3_000);
    for (const tool of list.tools) {
      expect(Object.keys(tool.annotations ?? {}).toSorted()).toEqual([
        "destructiveHint",
        "idempotentHint",
        "openWorldHint",
        "readOnlyHint",
      ]);
      expect(tool.title).toBeTruthy();
      expect(tool.outputSchema?.["type"]).toBe("object");
      expect(tool.inputSchema["additionalProperties"]).toBe(false);
    }
  });

  test("plans a tree with dependencies in one call and works through it", async () => {
    using directory = temporaryDirectory();
    await using connection = await connectStdio({ data: directory.path, mode, name: "planner" });
    const { client } = connection;

    const created = await callTool(client, "task_create", {
      tasks: [
        { name: "Step two", path: "shop/two", dependencies: ["shop/one"] },
        { name: "Shop", path: "shop", type: "group" },
        { name: "Step one", path: "shop/one", description: "Begin" },
      ],
    });
    const next = await callTool(client, "task_next", { claim: true, count: 5 });
    const [task] = next.tasks;
    const done = await callTool(client, "task_update", {
      updates: [{ task: task?.id, status: "completed", lease: task?.lease }],
    });
    const after = await callTool(client, "task_next", { claim: true, actor: "second" });
    const history = await callTool(client, "task_history", { task: "shop/one" });

    expect(created.tasks.map(({ path, version }) => [path, version])).toEqual([
      ["shop/two", 1],
      ["shop", 1],
      ["shop/one", 1],
    ]);
    expect(next.tasks.map(({ path, lease }) => [path, lease?.holder])).toEqual([
      ["shop/one", "planner"],
    ]);
    expect(done.tasks[0]?.status).toBe("completed");
    expect(after.tasks.map(({ path, lease }) => [path, lease?.holder])).toEqual([
      ["shop/two", "second"],
    ]);
    expect(history["changes"]).toMatchObject([
      { kind: "updated", actor: "planner", fields: { status: { after: "completed" } } },
      { kind: "updated", actor: "planner" },
      { kind: "created", actor: "planner" },
    ]);
  });

  test("E6: an unknown argument is refused with the known ones and what to do", async () => {
    using directory = temporaryDirectory();
    await using connection = await connectStdio({ data: directory.path, mode });

    const error = await failTool(connection.client, "task_list", { stats: "pending" });

    expect(error.code).toBe("validation.failed");
    expect(error.text).toContain('has no "stats" (did you mean "status"?)');
    expect(error.text).toContain("it knows query, status, type");
    expect(error.text).toContain(error.hint);
  });

  test("reads tasks as resources, completes their ids, and has a planning prompt", async () => {
    using directory = temporaryDirectory();
    await using connection = await connectStdio({ data: directory.path, mode });
    const { client } = connection;
    const { tasks } = await callTool(client, "task_create", { tasks: [{ name: "One" }] });
    const id = tasks[0]?.id ?? "";

    const resources = await client.listResources();
    const read = await client.readResource({ uri: `atlas://tasks/${id}` });
    const completed = await client.complete({
      ref: { type: "ref/resource", uri: "atlas://tasks/{id}" },
      argument: { name: "id", value: id.slice(0, 4) },
    });
    const prompt = await client.getPrompt({ name: "plan", arguments: { goal: "a shop" } });

    expect(resources.resources.map(({ uri }) => uri)).toEqual([`atlas://tasks/${id}`]);
    const [content] = read.contents;
    expect(content !== undefined && "text" in content && JSON.parse(content.text)).toMatchObject({
      id,
      name: "One",
      description: "",
    });
    expect(completed.completion.values).toEqual([id]);
    expect(JSON.stringify(prompt.messages)).toContain("a shop");
    await expect(client.readResource({ uri: "atlas://tasks/t-0000000000" })).rejects.toThrow(
      /not found/i,
    );
  });

  test("the instructions fit into what clients show", async () => {
    using directory = temporaryDirectory();
    await using connection = await connectStdio({ data: directory.path, mode });

    const instructions = connection.client.getInstructions() ?? "";

    expect(instructions).toContain("task_next");
    expect(instructions.length).toBeLessThanOrEqual(2_000);
  });
});
