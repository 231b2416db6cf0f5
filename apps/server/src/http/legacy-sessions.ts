/**
 * Sessions for clients of the 2025 protocols, which know who they are only at
 * the beginning: without them the history could not tell these clients apart.
 *
 * No session holds anything that matters. A request that names a session of an
 * earlier process is served all the same, on its own, so that a restart of the
 * server goes unnoticed; one that names a session that was ended here is told
 * so, as the protocol asks, and its client begins anew.
 */
import { randomBytes } from "node:crypto";
import {
  isInitializeRequest,
  legacyStatelessFallback,
  type McpServerFactory,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";

/** Sessions kept; the one used least recently makes room. */
export const sessionsMax = 256;

/** Serves requests of the 2025 protocols. */
export interface LegacySessions {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Sessions that are open. */
  readonly count: number;
  close(): Promise<void>;
}

/** How sessions are served. */
export interface LegacySessionsOptions {
  readonly createMcpServer: McpServerFactory;
  readonly bodyMaxBytes: number;
  readonly onFailure: (error: unknown) => void;
}

type Transport = WebStandardStreamableHTTPServerTransport;

/** Starts without sessions. */
export function createLegacySessions(options: LegacySessionsOptions): LegacySessions {
  const { createMcpServer, bodyMaxBytes, onFailure } = options;
  const process = randomBytes(8).toString("hex");
  // A map keeps the order of insertion: the first one was used least recently.
  const transports = new Map<string, Transport>();
  const withoutSession = legacyStatelessFallback(createMcpServer, onFailure, {
    maxRequestBodySize: bodyMaxBytes,
  });

  const begin = async (request: Request, parsedBody: unknown): Promise<Response> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => `${process}-${randomBytes(16).toString("hex")}`,
      onsessioninitialized: async (id) => {
        transports.set(id, transport);
        await makeRoom(transports);
      },
      onsessionclosed: (id) => void transports.delete(id),
    });
    const server = await createMcpServer({ era: "legacy", requestInfo: request });
    await server.connect(transport);
    return transport.handleRequest(request, { parsedBody });
  };
  return {
    async fetch(request) {
      const id = request.headers.get("mcp-session-id");
      const transport = id === null ? undefined : transports.get(id);
      if (id !== null && transport !== undefined) {
        transports.delete(id);
        transports.set(id, transport);
        return transport.handleRequest(request);
      }
      if (id?.startsWith(process)) return sessionEnded();
      if (request.method !== "POST") return withoutSession(request);
      const body: unknown = await request
        .clone()
        .json()
        .catch(() => undefined);
      return isInitializeRequest(body) ? begin(request, body) : withoutSession(request);
    },
    get count() {
      return transports.size;
    },
    async close() {
      const open = [...transports.values()];
      transports.clear();
      await Promise.all(open.map((transport) => transport.close()));
    },
  };
}

async function makeRoom(transports: Map<string, Transport>): Promise<void> {
  for (const [id, transport] of transports) {
    if (transports.size <= sessionsMax) return;
    transports.delete(id);
    await transport.close();
  }
}

function sessionEnded(): Response {
  const error = { code: -32_001, message: "Session not found: it has ended. Begin a new one." };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
