import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { McpServer } from "@modelcontextprotocol/server";
import { describe, expect, test } from "vitest";
import { bearerGuard } from "../src/http/bearer-token.ts";
import { createLegacySessions, sessionsMax } from "../src/http/legacy-sessions.ts";
import {
  type HttpServerOptions,
  type RunningHttpServer,
  startHttpServer,
} from "../src/http/start-http-server.ts";
import { createMcpServer } from "../src/mcp/create-mcp-server.ts";
import { fixedLeases } from "../src/mcp/lease-keeper.ts";
import { callTool, failTool } from "./support/call-tool.ts";
import { connectHttp, createClient, eras } from "./support/connect.ts";
import { openStore, type TestStore } from "./support/open-store.ts";

const token = "t".repeat(43);

async function serve(
  store: TestStore,
  given: Partial<HttpServerOptions> & { readonly actor?: string } = {},
): Promise<RunningHttpServer & AsyncDisposable> {
  const { actor = null, ...options } = given;
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    allowedHosts: [],
    bodyMaxBytes: 1_000_000,
    authorize: bearerGuard(token, "/data/token"),
    createMcpServer: () =>
      createMcpServer({
        version: "0.0.0",
        services: () => Promise.resolve(store.application),
        leases: fixedLeases(900_000),
        actor,
        fallbackActor: "mcp-http",
        track: (call) => call(),
        onFailure: () => {},
      }),
    checkReadiness: () => store.application.checkReadiness(),
    onFailure: () => {},
    ...options,
  });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

describe.each(eras)("K6: the HTTP server in this process, $era", ({ mode }) => {
  test("a call of which nothing was kept is an error and says why", async () => {
    await using store = await openStore();
    await using server = await serve(store);
    const client = await connectHttp({ url: server.url, token }, { mode });

    const result = await client.callTool({
      name: "task_create",
      arguments: { tasks: [{ name: "A", parent: "no" }], mode: "item-by-item" },
    });
    await client.close();

    expect(result.isError).toBe(true);
    expect(result.structuredContent).toMatchObject({
      tasks: [],
      failures: [{ code: "task.parent_not_found" }],
    });
  });

  test("the configured actor comes before the name of the client, an argument before both", async () => {
    await using store = await openStore();
    await using server = await serve(store, { actor: "team" });
    const client = await connectHttp({ url: server.url, token }, { mode, name: "agent" });

    await callTool(client, "task_create", { tasks: [{ name: "A" }] });
    await callTool(client, "task_create", { tasks: [{ name: "B" }], actor: "ann" });
    const a = await callTool(client, "task_history", { task: "a" });
    const b = await callTool(client, "task_history", { task: "b" });
    await client.close();

    expect(a["changes"]).toMatchObject([{ actor: "team" }]);
    expect(b["changes"]).toMatchObject([{ actor: "ann" }]);
  });

  test("a defect is told without its text", async () => {
    await using store = await openStore();
    await using server = await serve(store, {
      createMcpServer: () =>
        createMcpServer({
          version: "0.0.0",
          services: () => Promise.reject(new TypeError("secret")),
          leases: fixedLeases(1_000),
          actor: null,
          fallbackActor: "x",
          track: (call) => call(),
          onFailure: () => {},
        }),
    });
    const client = await connectHttp({ url: server.url, token }, { mode });

    const error = await failTool(client, "task_list", {});
    await client.close();

    expect(error.code).toBe("operation.defect");
    expect(error.text).not.toContain("secret");
  });
});

describe("K6: the HTTP server in this process", () => {
  test("tools/list may be kept by caches; tasks may not", async () => {
    await using store = await openStore();
    await using server = await serve(store);
    const client = createClient("c", { pin: "2026-07-28" });
    const answers: Record<string, unknown>[] = [];
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const text = await response.clone().text();
        if (text.startsWith("{")) answers.push(JSON.parse(text) as Record<string, unknown>);
        return response;
      },
    });
    await client.connect(transport);
    const { tasks } = await callTool(client, "task_create", { tasks: [{ name: "A" }] });

    await client.listTools();
    const list = answers.at(-1);
    await client.readResource({ uri: `atlas://tasks/${tasks[0]?.id}` });
    const read = answers.at(-1);
    await client.close();

    expect(list).toMatchObject({ result: { ttlMs: 3_600_000, cacheScope: "public" } });
    expect(read).toMatchObject({ result: { ttlMs: 0, cacheScope: "private" } });
  });

  test("answers 503 on readiness while the store does not answer", async () => {
    await using store = await openStore();
    await using server = await serve(store, {
      checkReadiness: () => Promise.reject(Object.assign(new Error("no"), { code: "SQLITE_BUSY" })),
    });

    const ready = await fetch(server.url.replace("/mcp", "/health/ready"));
    const live = await fetch(server.url.replace("/mcp", "/health/live"), { method: "HEAD" });

    expect([ready.status, live.status]).toEqual([expect.any(Number), 200]);
    expect(ready.status).toBeGreaterThanOrEqual(500);
  });

  test("further host names are let through when they are configured", async () => {
    await using store = await openStore();
    await using server = await serve(store, { allowedHosts: ["atlas.example"] });
    const { request } = await import("node:http");
    const ask = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request({ port: server.port, path: "/health/live", headers: { host } }, (incoming) => {
          incoming.resume();
          resolve(incoming.statusCode);
        })
          .on("error", reject)
          .end();
      });

    expect(await ask("atlas.example")).toBe(200);
    expect(await ask("other.example")).toBe(403);
  });

  test("an unknown tool and an unknown resource are errors of the protocol", async () => {
    await using store = await openStore();
    await using server = await serve(store);
    const client = await connectHttp({ url: server.url, token });

    await expect(client.callTool({ name: "task_destroy" })).rejects.toThrow(/not found/);
    await expect(client.readResource({ uri: "atlas://tasks/missing" })).rejects.toThrow(
      /not found/,
    );
    await client.close();
  });

  test("a listener that is stopped ends open streams and frees its port", async () => {
    await using store = await openStore();
    const server = await serve(store);
    const client = await connectHttp({ url: server.url, token });
    await client.listTools();

    server.stopAccepting();
    await server.close();
    await client.close();

    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  });
});

describe("K6: sessions of the 2025 protocols", () => {
  const options = {
    createMcpServer: () =>
      new McpServer({ name: "s", version: "1" }, { capabilities: { tools: {} } }),
    bodyMaxBytes: 100_000,
    onFailure: () => {},
  };
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const initialize = (): Request =>
    new Request("http://localhost/mcp", {
      method: "POST",
      headers,
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities: {},
          clientInfo: { name: "c", version: "1" },
        },
      }),
    });
  const ping = (id: string): Request =>
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: { ...headers, "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" }),
    });

  test("are kept up to a bound; the one used least recently makes room", async () => {
    const sessions = createLegacySessions(options);
    const begin = async (): Promise<string> => {
      const response = await sessions.fetch(initialize());
      await response.text();
      return response.headers.get("mcp-session-id") ?? "";
    };
    const first = await begin();
    const second = await begin();
    for (let number = 2; number < sessionsMax; number += 1) await begin();
    await (await sessions.fetch(ping(first))).text();

    await begin();

    expect(sessions.count).toBe(sessionsMax);
    expect((await sessions.fetch(ping(first))).status).toBe(200);
    expect((await sessions.fetch(ping(second))).status).toBe(404);
    await sessions.close();
    expect(sessions.count).toBe(0);
  });

  test("end when the client says so, and then are gone", async () => {
    const sessions = createLegacySessions(options);
    const begun = await sessions.fetch(initialize());
    await begun.text();
    const id = begun.headers.get("mcp-session-id") ?? "";

    const ended = await sessions.fetch(
      new Request("http://localhost/mcp", { method: "DELETE", headers: { "mcp-session-id": id } }),
    );

    expect(ended.status).toBe(200);
    expect((await sessions.fetch(ping(id))).status).toBe(404);
  });

  test("of an earlier process are served all the same, and requests without one too", async () => {
    const sessions = createLegacySessions(options);

    const old = await sessions.fetch(ping("0123-earlier"));
    const none = await sessions.fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers,
        body: JSON.stringify({ jsonrpc: "2.0", id: 3, method: "ping" }),
      }),
    );
    const stream = await sessions.fetch(new Request("http://localhost/mcp", { headers }));

    expect([old.status, none.status, stream.status]).toEqual([200, 200, 405]);
    expect(sessions.count).toBe(0);
  });
});
