import { join, resolve } from "node:path";
import { createMcpServer } from "../mcp/create-mcp-server.ts";
import { fixedLeases } from "../mcp/lease-keeper.ts";
import { logFailure } from "../mcp/log-failure.ts";
import { openApplication } from "../open-application.ts";
import { createRunningCalls } from "../running-calls.ts";
import type { Runtime } from "../runtime.ts";
import { nextStopSignal } from "../stop-signals.ts";
import { bearerGuard, readOrCreateToken } from "./bearer-token.ts";
import { startHttpServer } from "./start-http-server.ts";

/** Where a server that listens can be found. */
export interface ServerAddress {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly tokenFile: string;
}

/**
 * Serves any number of clients over HTTP until a signal asks for a stop. Then
 * it takes nothing new, finishes what runs within `shutdownTimeoutMs` and
 * closes the store.
 */
export async function serveMcpOverHttp(
  runtime: Runtime,
  onListening: (address: ServerAddress) => void,
): Promise<void> {
  const { config, dataDirectory, logger, version } = runtime;
  const end = nextStopSignal();
  await using application = await openApplication(runtime);
  const tokenFile =
    config.tokenFile === null ? join(dataDirectory, "token") : resolve(config.tokenFile);
  const { token, exposed } = readOrCreateToken(tokenFile);
  if (exposed) logger.warn("Other users of this machine can read the token.", { tokenFile });

  const calls = createRunningCalls();
  const surroundings = {
    version,
    leases: fixedLeases(config.leaseMs),
    actor: config.actor,
    fallbackActor: "mcp-http",
    services: () => Promise.resolve(application),
    track: calls.track,
    onFailure: (tool: string, error: unknown) => logFailure(logger, tool, error),
  };
  const server = await startHttpServer({
    host: config.host,
    port: config.port,
    allowedHosts: config.allowedHosts,
    bodyMaxBytes: config.bodyMaxBytes,
    authorize: bearerGuard(token, tokenFile),
    createMcpServer: () => createMcpServer(surroundings),
    checkReadiness: () => application.checkReadiness(),
    onFailure: (error) => logger.warn("A request failed.", { error }),
  });
  onListening({ url: server.url, port: server.port, pid: process.pid, tokenFile });

  const signal = await end;
  logger.info("Stopping.", { signal });
  server.stopAccepting();
  if (!(await calls.stop(config.shutdownTimeoutMs)))
    logger.warn("Calls were still running when the time for them was over.");
  await server.close();
}
