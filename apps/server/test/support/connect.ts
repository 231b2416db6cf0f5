import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { childEnvironment, finished, program, startAtlas, type Finished } from "./run-atlas.ts";

/** The two families of the protocol, as the official client negotiates them. */
export const eras = [
  { era: "legacy", mode: "legacy" },
  { era: "2026-07-28", mode: { pin: "2026-07-28" } },
] as const;

/** How a client speaks. */
export type Mode = (typeof eras)[number]["mode"];

/** Makes a client that says its name. */
export function createClient(name: string, mode: Mode): Client {
  return new Client({ name, version: "1.0.0" }, { versionNegotiation: { mode } });
}

/** A connected client and the server process that is its own. */
export interface StdioConnection extends AsyncDisposable {
  readonly client: Client;
  readonly pid: number;
  /** What the server wrote to standard error so far. */
  readonly stderr: () => string;
}

/** Starts `atlas mcp` and connects to it. */
export async function connectStdio(options: {
  readonly data: string;
  readonly mode?: Mode;
  readonly name?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}): Promise<StdioConnection> {
  const { data, mode = "legacy", name = "test-client", args = [], env } = options;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...program, "mcp", "--data", data, ...args],
    env: childEnvironment(env),
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const client = createClient(name, mode);
  await client.connect(transport);
  return {
    client,
    pid: transport.pid ?? 0,
    stderr: () => stderr,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A server over HTTP in a process of its own. */
export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly tokenFile: string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly end: Promise<Finished>;
}

/** Starts `atlas serve` on a free port and waits until it listens. */
export async function startServer(data: string, args: readonly string[] = []): Promise<HttpServer> {
  const child = startAtlas(["serve", "--json", "--port", "0", "--data", data, ...args]);
  const end = finished(child);
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (part: string) => {
      text += part;
      if (text.includes("\n")) resolve(text);
    });
    void end.then(({ stderr }) => reject(new Error(`The server ended: ${stderr} ${text}`)));
  });
  const address = JSON.parse(line) as Omit<HttpServer, "kill" | "end"> & {
    readonly error?: { readonly code: string; readonly hint: string };
  };
  if (address.error !== undefined) throw new Error(`${address.error.code}: ${address.error.hint}`);
  return {
    ...address,
    kill: (signal) => void child.kill(signal),
    end,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await end;
    },
  };
}

/** Connects to a server over HTTP with its token. */
export async function connectHttp(
  { url, token }: { readonly url: string; readonly token: string },
  { mode = "legacy", name = "test-client" }: { readonly mode?: Mode; readonly name?: string } = {},
): Promise<Client> {
  const client = createClient(name, mode);
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  return client;
}
