import { flushCompileCache } from "node:module";
import { setImmediate } from "node:timers/promises";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { openApplication, openLazily } from "../open-application.ts";
import { createRunningCalls } from "../running-calls.ts";
import type { Runtime } from "../runtime.ts";
import { nextStopSignal } from "../stop-signals.ts";
import { createMcpServer } from "./create-mcp-server.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { logFailure } from "./log-failure.ts";

/**
 * Serves one client over standard input and output until it hangs up or a
 * signal asks for a stop.
 *
 * The first answer does not wait for the store: it is opened when the first
 * messages have been read, and calls of tools wait for it.
 */
export async function serveMcpOverStdio(runtime: Runtime): Promise<void> {
  const { config, logger, version } = runtime;
  const end = Promise.race([nextStopSignal(), endOfInput()]);
  const calls = createRunningCalls();
  await using application = openLazily(
    () => openApplication(runtime),
    (error) => logger.error("The store cannot be opened.", { error, data: runtime.dataDirectory }),
  );
  using leases = createLeaseKeeper({
    leaseMs: config.stdioLeaseMs,
    tasks: async () => (await application.get()).tasks,
    onFailure: (error) => logger.warn("A lease could not be renewed.", { error }),
  });
  const surroundings = {
    version,
    leases,
    actor: config.actor,
    fallbackActor: "mcp-stdio",
    services: () => application.get(),
    track: calls.track,
    onFailure: (tool: string, error: unknown) => logFailure(logger, tool, error),
  };
  const connection = serveStdio(() => createMcpServer(surroundings), {
    onerror: (error) => logger.warn("The connection reported a problem.", { error }),
  });

  await setImmediate();
  application.get().then(
    // Clients often end their servers with a kill, and then nothing is written at the end.
    () => flushCompileCache(),
    // It is logged above and told to each call.
    () => {},
  );
  const reason = await end;
  logger.debug("Stopping.", { reason });
  if (!(await calls.stop(config.shutdownTimeoutMs)))
    logger.warn("Calls were still running when the time for them was over.");
  // The answers of the last calls are written in this turn of the event loop.
  await setImmediate();
  await connection.close();
}

function endOfInput(): Promise<"end of input"> {
  return new Promise((resolve) => {
    for (const event of ["end", "close"]) process.stdin.once(event, () => resolve("end of input"));
  });
}
