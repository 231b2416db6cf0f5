import { readFileSync, statSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { callTool, failTool } from "./support/call-tool.ts";
import { connectHttp, eras, startServer } from "./support/connect.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Sends headers that `fetch` would not let through. */
function send(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, method, headers }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

describe.each(eras)("K6: MCP over HTTP, $era", ({ mode }) => {
  test("serves tools to a client with the token, under the client's name", async () => {
    using directory = temporaryDirectory();
    await using server = await startServer(directory.path);
    const token = readFileSync(server.tokenFile, "utf8").trim();
    const client = await connectHttp({ url: server.url, token }, { mode, name: "web-agent" });

    const created = await callTool(client, "task_create", { tasks: [{ name: "One" }] });
    const claimed = await callTool(client, "task_next", { claim: true });
    const error = await failTool(client, "task_get", { tasks: ["missing"] });
    const history = await callTool(client, "task_history", { task: created.tasks[0]?.id });
    await client.close();

    expect(claimed.tasks[0]?.lease?.holder).toBe("web-agent");
    expect(error).toMatchObject({ code: "task.not_found", retryable: false });
    expect(history["changes"]).toMatchObject([{ actor: "web-agent" }, { actor: "web-agent" }]);
  });

  test("refuses a client without the token and says where it lies, not what it is", async () => {
    using directory = temporaryDirectory();
    await using server = await startServer(directory.path);

    const refused = connectHttp({ url: server.url, token: "x".repeat(43) }, { mode });

    await expect(refused).rejects.toThrow(/401|Unauthorized|unauthorized/);
  });
});

describe("K6: the HTTP server", () => {
  test("guards MCP by Host, Origin and token; health needs no token", async () => {
    using directory = temporaryDirectory();
    await using server = await startServer(directory.path);
    const { port, tokenFile } = server;
    const token = readFileSync(tokenFile, "utf8").trim();
    const own = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    const accept = { accept: "application/json, text/event-stream" };
    const post = (headers: Record<string, string>): Promise<Reply> =>
      send(port, "/mcp", { method: "POST", headers: { ...accept, ...headers }, body: ping });

    const allowed = await post(own);
    const noToken = await post({ "content-type": "application/json" });
    const wrongToken = await post({ ...own, authorization: `Bearer ${"y".repeat(43)}` });
    const evilHost = await post({ ...own, host: "evil.example" });
    const evilOrigin = await post({ ...own, origin: "https://evil.example" });
    const localOrigin = await post({ ...own, origin: `http://localhost:${port}` });
    const live = await send(port, "/health/live");
    const ready = await send(port, "/health/ready");
    const readyPost = await send(port, "/health/ready", { method: "POST" });
    const elsewhere = await send(port, "/elsewhere");

    expect(allowed.status).toBe(200);
    for (const refused of [noToken, wrongToken]) {
      expect(refused.status).toBe(401);
      expect(refused.headers["www-authenticate"]).toContain("Bearer");
      expect(refused.body).toContain(tokenFile);
      expect(refused.body).not.toContain(token);
    }
    expect(evilHost.status).toBe(403);
    expect(evilOrigin.status).toBe(403);
    expect(localOrigin.status).toBe(200);
    expect([live.status, JSON.parse(live.body)]).toEqual([200, { status: "live" }]);
    expect([ready.status, JSON.parse(ready.body)]).toEqual([200, { status: "ready" }]);
    expect(readyPost.status).toBe(405);
    expect(elsewhere.status).toBe(404);
    expect(JSON.parse(elsewhere.body)).toMatchObject({
      error: { code: "operation.no_such_route" },
    });
  });

  test("refuses a body over the bound with 413 and goes on serving", async () => {
    using directory = temporaryDirectory();
    await using server = await startServer(directory.path, ["--body-max-bytes", "2000"]);
    const token = readFileSync(server.tokenFile, "utf8").trim();
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };

    const large = await send(server.port, "/mcp", {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", filler: "x".repeat(3_000) }),
    });
    const live = await send(server.port, "/health/live");

    expect(large.status).toBe(413);
    expect(live.status).toBe(200);
  });

  test("keeps its token readable for its user only, and from start to start", async () => {
    using directory = temporaryDirectory();
    const tokens: string[] = [];

    for (let start = 0; start < 2; start += 1) {
      await using server = await startServer(directory.path);
      tokens.push(readFileSync(server.tokenFile, "utf8"));
      expect(statSync(server.tokenFile).mode & 0o777).toBe(0o600);
    }

    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[0]?.trim().length).toBeGreaterThanOrEqual(43);
  });

  test("a legacy client goes on after a restart of the server", async () => {
    using directory = temporaryDirectory();
    const first = await startServer(directory.path);
    const token = readFileSync(first.tokenFile, "utf8").trim();
    const client = await connectHttp({ url: first.url, token }, { mode: "legacy" });
    await callTool(client, "task_create", { tasks: [{ name: "Before" }] });
    await first[Symbol.asyncDispose]();

    await using _second = await startServer(directory.path, ["--port", String(first.port)]);
    const list = await callTool(client, "task_list", {});
    await client.close();

    expect(list.total).toBe(1);
  });
});

test("K6: a taken port is an error with a code and a way out", async () => {
  using directory = temporaryDirectory();
  await using server = await startServer(directory.path);

  const second = startServer(directory.path, ["--port", String(server.port)]);

  await expect(second).rejects.toThrow(/operation\.address_taken.*--port/);
});
