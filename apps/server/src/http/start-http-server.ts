import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout } from "node:timers/promises";
import {
  hostHeaderValidation,
  type NodeIncomingMessageLike,
  type NodeServerResponseLike,
  originValidation,
  toNodeHandler,
} from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  isLegacyRequest,
  type McpServerFactory,
} from "@modelcontextprotocol/server";
import { serverError } from "../errors.ts";
import type { Guard } from "./guard.ts";
import { createLegacySessions } from "./legacy-sessions.ts";
import { sendError, sendJson } from "./send-json.ts";

/** What an HTTP server is made of. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Host names that requests may be addressed to, besides `host` and those of this machine. */
  readonly allowedHosts: readonly string[];
  readonly bodyMaxBytes: number;
  /** Decides who may call `/mcp`. */
  readonly authorize: Guard;
  readonly createMcpServer: McpServerFactory;
  /** Resolves when calls can be served; rejects with the reason why not. */
  readonly checkReadiness: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** A server that listens. */
export interface RunningHttpServer {
  /** The address of MCP. */
  readonly url: string;
  readonly port: number;
  /** Takes no further connections; those that are open go on. */
  stopAccepting(): void;
  /** Ends what is still open and resolves when the port is free. */
  close(): Promise<void>;
}

/** Names of this machine that a browser page of another site cannot take. */
const localNames: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Addresses that mean every network of the machine: no client calls a server by them. */
const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** Milliseconds that a client may take to send one request. */
const requestTimeoutMs = 60_000;

/** Milliseconds for answers that are on their way, and then for connections that stay open. */
const goodbyeMs = 500;

/**
 * Serves MCP at `/mcp` and health at `/health/live` and `/health/ready`.
 *
 * Every request is checked for Host and Origin first, so that a page in a
 * browser cannot reach the server through a name of its own.
 *
 * @throws {AtlasError} operation.address_taken
 */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const bounds = { maxRequestBodySize: options.bodyMaxBytes };
  const modern = createMcpHandler(options.createMcpServer, {
    ...bounds,
    legacy: "reject",
    onerror: options.onFailure,
  });
  const legacy = createLegacySessions(options);
  const mcpListener = toNodeHandler(
    {
      fetch: async (request, given) =>
        (await isLegacyRequest(request, undefined, bounds))
          ? legacy.fetch(request)
          : modern.fetch(request, given),
    },
    { ...bounds, onerror: options.onFailure },
  );
  const answers = new Set<ServerResponse>();
  const server = createServer(
    { requestTimeout: requestTimeoutMs },
    routes(options, (request, response) => {
      if (request.method === "POST") {
        answers.add(response);
        response.once("close", () => answers.delete(response));
      }
      // The SDK types forbid `undefined` where Node's say that a field may be missing.
      const [from, to] = [request as NodeIncomingMessageLike, response as NodeServerResponseLike];
      mcpListener(from, to).catch(options.onFailure);
    }),
  );
  const port = await listen(server, options);
  return {
    url: `http://${addressOf(options.host)}:${port}/mcp`,
    port,
    stopAccepting() {
      server.close();
      server.closeIdleConnections();
    },
    async close() {
      await answered(answers);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([modern.close(), legacy.close()]);
      server.closeIdleConnections();
      await Promise.race([closed, setTimeout(goodbyeMs, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Resolves when every request has its answer; subscriptions never end, so it waits briefly. */
function answered(answers: ReadonlySet<ServerResponse>): Promise<unknown> {
  const closings = [...answers].map(
    (response) => new Promise((resolve) => response.once("close", resolve)),
  );
  const late = setTimeout(goodbyeMs, undefined, { ref: false });
  return Promise.race([Promise.all(closings), late]);
}

function routes(options: HttpServerOptions, mcp: RequestListener): RequestListener {
  const names = hostNamesOf(options);
  const guards: readonly Guard[] = [hostHeaderValidation(names), originValidation(names)];
  return (request, response) => {
    response.setHeader("x-content-type-options", "nosniff");
    if (!guards.every((guard) => guard(request, response))) return;
    switch (pathOf(request)) {
      case "/mcp":
        if (options.authorize(request, response)) mcp(request, response);
        return;
      case "/health/live":
        if (isRead(request, response)) sendJson(response, 200, { status: "live" });
        return;
      case "/health/ready":
        if (isRead(request, response)) void answerReadiness(response, options);
        return;
      default:
        sendError(
          response,
          serverError("operation.no_such_route", "There is nothing at this address."),
        );
    }
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function isRead(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  response.setHeader("allow", "GET, HEAD");
  sendError(response, serverError("operation.method_refused", "Health is only read."));
  return false;
}

async function answerReadiness(
  response: ServerResponse,
  { checkReadiness }: HttpServerOptions,
): Promise<void> {
  try {
    await checkReadiness();
    sendJson(response, 200, { status: "ready" });
  } catch (error) {
    sendError(response, error);
  }
}

function hostNamesOf({ host, allowedHosts }: HttpServerOptions): string[] {
  const own = wildcards.includes(host) ? [] : [addressOf(host)];
  return [...new Set([...localNames, ...own, ...allowedHosts])];
}

/** A host as it stands in an address: IPv6 in brackets. */
function addressOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      reject(
        taken
          ? serverError(
              "operation.address_taken",
              `Another program listens on port ${port} of ${host}.`,
              { cause, details: { host, port } },
            )
          : cause,
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
