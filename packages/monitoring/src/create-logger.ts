import { checkOptions } from "@atlas/errors";
import { formatLine, type LineFormat } from "./format-line.ts";
import { checkThreshold, isWritten, type LogLevel, type LogThreshold } from "./log-level.ts";
import { loggerDefaults, type LogFields, type Logger, type LoggerOptions } from "./logger.ts";
import { createRedaction } from "./redacted-fields.ts";

/**
 * Makes a logger that hands each finished line, line break included, to `write`.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option,
 * configuration.unknown_log_level
 */
export function createLogger(write: (line: string) => void, options: LoggerOptions = {}): Logger {
  checkOptions<LoggerOptions>("createLogger", options, {
    level: "any",
    fields: "any",
    redact: "any",
    lineBytesMax: { min: 512, max: 1_048_576 },
    clock: "any",
  });
  const sink: Sink = {
    write,
    threshold: checkThreshold(options.level ?? loggerDefaults.level),
    clock: options.clock ?? Date.now,
    redact: createRedaction(options.redact ?? []),
    bytesMax: options.lineBytesMax ?? loggerDefaults.lineBytesMax,
    dropped: 0,
  };
  return new LineLogger(sink, { ...options.fields });
}

/** What a logger and all its children share. */
interface Sink extends LineFormat {
  readonly write: (line: string) => void;
  readonly threshold: LogThreshold;
  readonly clock: () => number;
  dropped: number;
}

class LineLogger implements Logger {
  readonly #sink: Sink;
  readonly #fields: LogFields;

  constructor(sink: Sink, fields: LogFields) {
    this.#sink = sink;
    this.#fields = fields;
  }

  get dropped(): number {
    return this.#sink.dropped;
  }

  debug(message: string, fields?: LogFields): void {
    this.log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.log("error", message, fields);
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    const sink = this.#sink;
    if (!isWritten(level, sink.threshold)) return;
    try {
      const all = { ...this.#fields, ...fields };
      sink.write(formatLine({ time: sink.clock(), level, message, fields: all }, sink));
    } catch {
      // The program must not fail because its log does: the disk of the log may be full.
      sink.dropped += 1;
    }
  }

  isEnabled(level: LogLevel): boolean {
    return isWritten(level, this.#sink.threshold);
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#sink, { ...this.#fields, ...fields });
  }
}
