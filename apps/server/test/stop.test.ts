import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { type Answer, callTool } from "./support/call-tool.ts";
import { connectHttp, connectStdio, startServer } from "./support/connect.ts";
import { type Finished, finished, runAtlas, startAtlas } from "./support/run-atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

interface WaitingCall extends AsyncDisposable {
  readonly answer: Promise<Answer>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Lets the call go on. */
  readonly release: () => void;
  /** Of a server over HTTP. */
  readonly end?: Promise<Finished>;
}

/** A call that waits for the write lock, which the test holds as another process would. */
async function startCallThatWaits(data: string, way: "http" | "stdio"): Promise<WaitingCall> {
  await runAtlas(["status", "--data", data]);
  const args = ["--shutdown-timeout-ms", "20000"];
  const stdio = way === "stdio" ? await connectStdio({ data, args }) : undefined;
  const server = way === "http" ? await startServer(data, args) : undefined;
  const token = server === undefined ? "" : readFileSync(server.tokenFile, "utf8").trim();
  const client = stdio?.client ?? (await connectHttp({ url: server?.url ?? "", token }));
  await callTool(client, "task_list", {});
  const file = new Database(join(data, "atlas.db"));
  file.exec("BEGIN IMMEDIATE");

  const answer = callTool(client, "task_create", { tasks: [{ name: "Waiting" }] });
  await sleep(500);
  return {
    answer,
    signal: (signal) => void process.kill(server?.pid ?? stdio?.pid ?? 0, signal),
    release: () => void file.exec("ROLLBACK"),
    ...(server !== undefined && { end: server.end }),
    async [Symbol.asyncDispose]() {
      file.close();
      await client.close();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

describe("K6: a clean stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends a server over HTTP with exit code 0 while clients are connected",
    async (signal) => {
      using directory = temporaryDirectory();
      await using server = await startServer(directory.path);
      const token = readFileSync(server.tokenFile, "utf8").trim();
      const client = await connectHttp({ url: server.url, token });
      const calls = Array.from({ length: 20 }, (_, number) =>
        callTool(client, "task_create", { tasks: [{ name: `Task ${number}` }] }).then(
          () => true,
          () => false,
        ),
      );

      await sleep(20);
      server.kill(signal);
      const [end, acknowledged] = await Promise.all([server.end, Promise.all(calls)]);
      await client.close();
      const status = await runAtlas(["status", "--json", "--data", directory.path]);

      expect(end.code).toBe(0);
      const { tasks } = JSON.parse(status.stdout) as { tasks: { total: number } };
      expect(tasks.total).toBeGreaterThanOrEqual(acknowledged.filter(Boolean).length);
    },
  );

  test("SIGTERM ends a server over stdio with exit code 0", async () => {
    using directory = temporaryDirectory();
    const child = startAtlas(["mcp", "--data", directory.path, "--log-level", "debug"]);
    const end = finished(child);
    const initialize = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "c", version: "1" },
      },
    };

    child.stdin?.write(`${JSON.stringify(initialize)}\n`);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill("SIGTERM");
    const { code, stdout } = await end;

    expect(code).toBe(0);
    for (const line of stdout.trim().split("\n"))
      expect(JSON.parse(line)).toHaveProperty("jsonrpc");
  });

  test.each(["http", "stdio"] as const)(
    "the first signal lets a call over %s that runs come to its end",
    async (way) => {
      using directory = temporaryDirectory();
      await using call = await startCallThatWaits(directory.path, way);

      call.signal("SIGTERM");
      await sleep(500);
      call.release();
      const answer = await call.answer;

      expect(answer.tasks).toMatchObject([{ name: "Waiting" }]);
      expect((await call.end)?.code ?? 0).toBe(0);
    },
  );

  test("a second signal ends the process at once", async () => {
    using directory = temporaryDirectory();
    await using call = await startCallThatWaits(directory.path, "http");
    call.answer.catch(() => {});

    call.signal("SIGTERM");
    await sleep(500);
    call.signal("SIGINT");

    expect(await call.end).toMatchObject({ code: 130 });
  });

  test("the end of its input ends a server over stdio", async () => {
    using directory = temporaryDirectory();

    const end = await runAtlas(["mcp", "--data", directory.path], { input: "" });

    expect(end).toMatchObject({ code: 0, stdout: "" });
  });

  test("what was acknowledged over stdio is there after SIGKILL", async () => {
    using directory = temporaryDirectory();
    const connection = await connectStdio({ data: directory.path });
    const { tasks } = await callTool(connection.client, "task_create", {
      tasks: [{ name: "Kept" }],
    });

    process.kill(connection.pid, "SIGKILL");
    await connection.client.close();
    const found = await runAtlas([
      "task",
      "get",
      tasks[0]?.id ?? "",
      "--json",
      "--data",
      directory.path,
    ]);

    expect(JSON.parse(found.stdout)).toMatchObject({ tasks: [{ name: "Kept" }] });
  });
});
