import { checkOptions } from "@atlas/errors";
import type { LogLevel } from "./log-level.ts";
import type { Logger } from "./logger.ts";
import { nameOf, type EventObserver } from "./observed-event.ts";

/** How events become lines. */
export interface ObserveAsLogsOptions {
  /** Put before types that do not begin with it, such as `storage`. Default: nothing. */
  readonly source?: string;
  /** The level of single types, by the type as the package gives it. Default: none. */
  readonly levels?: Readonly<Record<string, LogLevel>>;
  /** The level of events that carry an `error`. Default: `warn`. */
  readonly errorLevel?: LogLevel;
  /** The level of all others. Default: `debug`. */
  readonly level?: LogLevel;
}

/**
 * Makes an observer that writes one line per event: its type is the message,
 * everything else its fields.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function observeAsLogs(logger: Logger, options: ObserveAsLogsOptions = {}): EventObserver {
  checkOptions<ObserveAsLogsOptions>("observeAsLogs", options, {
    source: "any",
    levels: "any",
    errorLevel: "any",
    level: "any",
  });
  const { source, errorLevel = "warn", level = "debug" } = options;
  const levels = new Map(Object.entries(options.levels ?? {}));
  return (event) => {
    const chosen = levels.get(event.type) ?? ("error" in event ? errorLevel : level);
    if (!logger.isEnabled(chosen)) return;
    const { type: _type, ...fields } = event;
    logger.log(chosen, nameOf(event, source), fields);
  };
}
