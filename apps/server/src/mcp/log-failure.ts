import { analyze } from "@atlas/errors";
import type { Logger } from "@atlas/monitoring";

/** Logs a failed call: loud when Atlas or its store is at fault, quiet when the caller is. */
export function logFailure(logger: Logger, tool: string, error: unknown): void {
  const { severity } = analyze(error);
  const isOurs = severity === "high" || severity === "critical";
  logger.log(isOurs ? "error" : "debug", "A call failed.", { tool, error });
}
