import type { LogLevel, LogThreshold } from "./log-level.ts";

/** What stands in a line besides time, level and message. Errors may be given as they are. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes one JSON object per line. No method ever throws: a line that cannot
 * be written is counted in `dropped`.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Writes at a level known only at run time. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** True when lines of this level are written; saves building costly fields. */
  isEnabled(level: LogLevel): boolean;
  /** A logger whose lines all carry these fields; its own calls may override them. */
  child(fields: LogFields): Logger;
  /** Lines lost because the writer threw, children and parents counted together. */
  readonly dropped: number;
}

/** How a logger writes. */
export interface LoggerOptions {
  /** Default: `info`. */
  readonly level?: LogThreshold;
  /** Fields of every line. Default: none. */
  readonly fields?: LogFields;
  /**
   * Names of fields whose values are replaced by `[redacted]`, at any depth.
   * Case, hyphens and underscores do not matter. They are added to
   * {@link redactedFields}. Default: none.
   */
  readonly redact?: readonly string[];
  /** Bytes per line, the line break included. Default: 16,384; 512 to 1,048,576. */
  readonly lineBytesMax?: number;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What a logger does when nothing is said. */
export const loggerDefaults: { readonly level: "info"; readonly lineBytesMax: 16_384 } =
  Object.freeze({ level: "info", lineBytesMax: 16_384 });
