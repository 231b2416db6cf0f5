import { monitoringError } from "./errors.ts";

/** How important a line is, from least to most. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

/** The level of a line. */
export type LogLevel = (typeof logLevels)[number];

/** The least important level that is written; `silent` writes nothing. */
export type LogThreshold = LogLevel | "silent";

/** True when a line of this level is written at this threshold. */
export function isWritten(level: LogLevel, threshold: LogThreshold): boolean {
  return threshold !== "silent" && logLevels.indexOf(level) >= logLevels.indexOf(threshold);
}

/** Refuses a level that does not exist, which untyped configuration may contain. */
export function checkThreshold(threshold: LogThreshold): LogThreshold {
  if (threshold === "silent" || logLevels.includes(threshold)) return threshold;
  throw monitoringError(
    "configuration.unknown_log_level",
    `There is no log level "${String(threshold)}". Use ${logLevels.join(", ")} or silent.`,
  );
}
