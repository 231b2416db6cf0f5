import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes this package throws, all of them while something is set up. */
export const monitoringErrorCodes = {
  /** A log level does not exist. */
  "configuration.unknown_log_level": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use one of debug, info, warn, error and silent.",
  },
} as const;

/** The codes of {@link monitoringErrorCodes}. */
export type MonitoringErrorCode = keyof typeof monitoringErrorCodes;

/** Makes an error of this package. */
export const monitoringError: ErrorFactory<MonitoringErrorCode> =
  createErrorFactory(monitoringErrorCodes);
