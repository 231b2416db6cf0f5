import { createLogger } from "@atlas/monitoring";
import type { Config } from "../config/config-fields.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Runtime } from "../runtime.ts";
import { readVersion } from "../version.ts";

/** Commands that run on and log what happens. */
const serverCommands: readonly string[] = ["mcp", "serve"];

/** What a runtime is made from. */
export interface RuntimeInputs {
  readonly command: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly dataDirectory: string;
}

/**
 * Reads the configuration and starts the log.
 *
 * @throws {AtlasError} configuration.*
 */
export function openRuntime({ command, flags, dataDirectory }: RuntimeInputs): Runtime {
  const workingDirectory = process.cwd();
  const loaded = loadConfig({ dataDirectory, workingDirectory, flags, env: process.env });
  const logger = createLogger((line) => process.stderr.write(line), {
    level: levelOf(loaded.config, command),
  });
  return { ...loaded, version: readVersion(), dataDirectory, logger };
}

function levelOf({ logLevel }: Config, command: string): Exclude<Config["logLevel"], "auto"> {
  if (logLevel !== "auto") return logLevel;
  return serverCommands.includes(command) ? "info" : "error";
}
