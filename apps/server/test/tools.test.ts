import { describe, expect, test } from "vitest";
import { createLeaseKeeper } from "../src/mcp/lease-keeper.ts";
import { systemStatus } from "../src/tools/system-status.ts";
import { taskClaim } from "../src/tools/task-claim.ts";
import { taskCreate } from "../src/tools/task-create.ts";
import { taskDelete } from "../src/tools/task-delete.ts";
import { taskGet } from "../src/tools/task-get.ts";
import { taskHistory } from "../src/tools/task-history.ts";
import { taskList } from "../src/tools/task-list.ts";
import { taskNext } from "../src/tools/task-next.ts";
import { taskUpdate } from "../src/tools/task-update.ts";
import type { Tool } from "../src/tools/tool.ts";
import { openStore, type TestStore } from "./support/open-store.ts";
import type { Answer } from "./support/call-tool.ts";

async function run(store: TestStore, tool: Tool, given: unknown): Promise<Answer> {
  return (await store.call(tool, given)) as Answer;
}

function tokensOf(answer: object): number {
  return Buffer.byteLength(JSON.stringify(answer)) / 4;
}

describe("K6: what tools take and give", () => {
  test("task_create gives the created tasks in the order of the call", async () => {
    await using store = await openStore();

    const { tasks } = await run(store, taskCreate, {
      tasks: [
        { name: "Child", parent: "top", tags: "one" },
        { name: "Top", path: "top", metadata: { a: [1, null] }, priority: "high" },
      ],
    });

    expect(tasks).toEqual([
      {
        id: expect.stringMatching(/^t-/),
        path: "top/child",
        name: "Child",
        type: "task",
        status: "pending",
        priority: "medium",
        version: 1,
        tags: ["one"],
      },
      expect.objectContaining({ path: "top", priority: "high", version: 1, children: 1 }),
    ]);
  });

  test("a great many created tasks are told with what the caller cannot know", async () => {
    await using store = await openStore();
    const tasks = Array.from({ length: 300 }, (_, number) => ({
      name: `${number} ${"n".repeat(150)}`,
      path: `p${number}`,
    }));

    const answer = await run(store, taskCreate, { tasks });

    expect(answer.tasks).toHaveLength(300);
    expect(answer.tasks[7]).toEqual({
      id: expect.any(String),
      path: "p7",
      status: "pending",
      version: 1,
    });
    expect(tokensOf(answer)).toBeLessThanOrEqual(10_000);
  });

  test("K2: item-by-item keeps the good and names the others", async () => {
    await using store = await openStore();

    const answer = await run(store, taskCreate, {
      mode: "item-by-item",
      tasks: [{ name: "Good" }, { name: "Bad", parent: "missing" }],
    });

    expect(answer.tasks).toHaveLength(1);
    expect(answer["failures"]).toEqual([
      { index: 1, code: "task.parent_not_found", message: expect.any(String) },
    ]);
  });

  test("task_update takes the lease as a token and as task_next gave it", async () => {
    await using store = await openStore();
    await run(store, taskCreate, { tasks: [{ name: "A" }, { name: "B" }] });
    const { tasks } = await run(store, taskNext, { claim: true, count: 2 });

    const [a, b] = tasks;
    const done = await run(store, taskUpdate, {
      updates: [
        { task: a?.id, status: "completed", lease: a?.lease },
        {
          task: b?.id,
          status: "failed",
          lease: b?.lease?.token,
          if_version: b?.version,
          add_notes: [{ kind: "troubleshooting", text: "No way" }],
        },
      ],
    });

    expect(done.tasks.map(({ status }) => status)).toEqual(["completed", "failed"]);
  });

  test("task_list pages through everything, each page within its bound", async () => {
    await using store = await openStore();
    const description = "x".repeat(2_000);
    const created = Array.from({ length: 60 }, (_, number) => ({
      name: `Task ${String(number).padStart(2, "0")}`,
      description,
    }));
    await run(store, taskCreate, { tasks: created });
    const names: unknown[] = [];
    let cursor: string | undefined;

    do {
      const page = await run(store, taskList, {
        limit: 50,
        max_tokens: 500,
        ...(cursor && { cursor }),
      });
      expect(tokensOf(page)).toBeLessThanOrEqual(500);
      expect(page.total).toBe(60);
      names.push(...page.tasks.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);

    expect(names).toEqual(created.map(({ name }) => name));
  });

  test("a default list takes at most 2,000 tokens, however long the names", async () => {
    await using store = await openStore();
    const tasks = Array.from({ length: 40 }, (_, number) => ({
      name: `${number} ${"ü".repeat(190)}`,
      tags: ["a".repeat(60), "b".repeat(60)],
    }));
    await run(store, taskCreate, { tasks });

    const concise = await run(store, taskList, {});
    const full = await run(store, taskList, { detail: "full" });

    for (const page of [concise, full]) {
      expect(tokensOf(page)).toBeLessThanOrEqual(2_000);
      expect(page.tasks.length).toBeGreaterThan(0);
      expect(page.nextCursor).toBeTypeOf("string");
    }
  });

  test("a single task that is too long is cut, so that the cursor moves on", async () => {
    await using store = await openStore();
    await run(store, taskCreate, {
      tasks: [{ name: "A", description: "ä".repeat(30_000) }, { name: "B" }],
    });

    const listed = await run(store, taskList, { detail: "full", max_tokens: 400 });
    const read = await run(store, taskGet, { tasks: ["a", "b"], max_tokens: 1_000 });

    expect(listed.tasks.map(({ path }) => path)).toEqual(["a"]);
    expect(listed.nextCursor).toBeTypeOf("string");
    expect(tokensOf(listed)).toBeLessThanOrEqual(400);
    expect(read.tasks.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(read.tasks[0]?.["description"]).toMatch(/ä… \[\d+ more characters\]$/);
    expect(tokensOf(read)).toBeLessThanOrEqual(1_000);
  });

  test("task_list filters by lone values and by lists", async () => {
    await using store = await openStore();
    await run(store, taskCreate, {
      tasks: [
        { name: "Find the needle", path: "a", tags: ["x", "y"], assignee: "ann" },
        { name: "Other", path: "b", priority: "high" },
        { name: "Below", path: "b/c", dependencies: ["a"] },
      ],
    });
    const paths = async (filter: object): Promise<unknown> =>
      (await run(store, taskList, filter)).tasks.map(({ path }) => path);

    expect(await paths({ query: "needle" })).toEqual(["a"]);
    expect(await paths({ status: "blocked" })).toEqual(["b/c"]);
    expect(await paths({ status: ["pending", "blocked"] })).toEqual(["a", "b", "b/c"]);
    expect(await paths({ tags: ["x", "y"] })).toEqual(["a"]);
    expect(await paths({ assignee: "ann" })).toEqual(["a"]);
    expect(await paths({ parent: null })).toEqual(["a", "b"]);
    expect(await paths({ under: "b" })).toEqual(["b/c"]);
    expect(await paths({ priority: "high" })).toEqual(["b"]);
    expect(await paths({ order: "priority", limit: 1 })).toEqual(["b"]);
  });

  test("task_claim claims, renews and releases", async () => {
    await using store = await openStore();
    await run(store, taskCreate, { tasks: [{ name: "A" }] });

    const claimed = await run(store, taskClaim, { action: "claim", tasks: "a" });
    const lease = claimed.tasks[0]?.lease;
    const renewed = await run(store, taskClaim, {
      action: "renew",
      tasks: [{ task: "a", lease }],
      lease_seconds: 3_600,
    });
    const released = await run(store, taskClaim, {
      action: "release",
      tasks: [{ task: "a", lease: lease?.token }],
    });

    expect(lease).toMatchObject({ holder: "tester", token: 1 });
    expect(renewed.tasks[0]?.lease).toMatchObject({ token: 1 });
    expect(released.tasks[0]).toMatchObject({ status: "pending" });
    expect(released.tasks[0]).not.toHaveProperty("lease");
  });

  test("task_claim wants the lease for renew and release", async () => {
    await using store = await openStore();

    await expect(store.call(taskClaim, { action: "renew", tasks: ["a"] })).rejects.toMatchObject({
      code: "validation.failed",
      message: expect.stringContaining('"a" is given without "lease"'),
    });
  });

  test("task_history cuts long values unless everything is asked for", async () => {
    await using store = await openStore();
    const description = "long ".repeat(100);
    await run(store, taskCreate, { tasks: [{ name: "A", path: "a" }] });
    await run(store, taskUpdate, { updates: [{ task: "a", description }] });

    const short = await run(store, taskHistory, { task: "a", limit: 1 });
    const full = await run(store, taskHistory, { task: "a", limit: 1, detail: "full" });

    expect(JSON.stringify(short["changes"])).toContain("more characters]");
    expect(full["changes"]).toMatchObject([
      { actor: "tester", fields: { description: { before: "", after: description } } },
    ]);
    expect(short.nextCursor).toBeTypeOf("string");
  });

  test("task_delete says what it removed", async () => {
    await using store = await openStore();
    const { tasks } = await run(store, taskCreate, {
      tasks: [
        { name: "A", path: "a" },
        { name: "B", path: "a/b" },
      ],
    });

    await expect(store.call(taskDelete, { tasks: "a" })).rejects.toMatchObject({
      code: "task.has_children",
    });
    const answer = await run(store, taskDelete, { tasks: "a", children: "cascade" });

    expect(answer["deleted"]).toEqual(tasks.map(({ id }) => id));
  });

  test("system_status counts", async () => {
    await using store = await openStore();
    await run(store, taskCreate, { tasks: [{ name: "A" }] });

    const status = await run(store, systemStatus, {});

    expect(status).toMatchObject({
      version: "0.0.0",
      data: store.dataDirectory,
      tasks: { total: 1, ready: 1, claimed: 0 },
    });
  });
});

describe("K5: how long claims hold", () => {
  test("a claim without a time of its own is the policy's to keep; others are not", async () => {
    await using store = await openStore();
    await run(store, taskCreate, { tasks: [{ name: "A" }, { name: "B" }] });
    using leases = createLeaseKeeper({
      leaseMs: 30_000,
      tasks: () => Promise.resolve(store.application.tasks),
      onFailure: () => {},
    });
    const call = async (tool: Tool, given: unknown): Promise<Answer> =>
      (await store.call(tool, given, { leases })) as Answer;

    const kept = await call(taskNext, { claim: true });
    const own = await call(taskClaim, { action: "claim", tasks: "b", lease_seconds: 60 });
    const afterClaims = leases.count;
    await call(taskClaim, {
      action: "renew",
      tasks: [{ task: "b", lease: own.tasks[0]?.lease }],
    });
    const afterRenew = leases.count;
    await call(taskUpdate, {
      updates: [{ task: "a", status: "completed", lease: kept.tasks[0]?.lease }],
    });
    const afterCompletion = leases.count;
    await call(taskClaim, {
      action: "release",
      tasks: [{ task: "b", lease: own.tasks[0]?.lease }],
    });

    expect([afterClaims, afterRenew, afterCompletion, leases.count]).toEqual([1, 2, 1, 0]);
  });
});
