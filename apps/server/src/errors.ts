import { commonErrorCodes, createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes that only the server gives; the rest comes from the packages it is made of. */
export const serverErrorCodes = {
  /** A setting does not exist. */
  "configuration.unknown_setting": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the name of the setting; `atlas config` lists all of them.",
  },
  /** A setting has a value that cannot be used. */
  "configuration.invalid_setting": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give the setting a value of the kind that the message names.",
  },
  /** The configuration file cannot be read or is not a JSON object. */
  "configuration.file_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the file, or name another one with --config.",
  },
  /** The file that holds the bearer token does not hold one. */
  "configuration.token_invalid": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Delete the file, and a new token is made at the next start.",
  },
  /** The command line asks for something that does not exist. */
  "operation.usage": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Run the command with --help to see what it takes.",
  },
  /** The request carries no token or a wrong one. */
  "operation.unauthorized": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: 'Send the header "Authorization: Bearer <token>" with the token of this server.',
  },
  /** There is nothing under this path. */
  "operation.no_such_route": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "MCP is served at /mcp, health at /health/live and /health/ready.",
  },
  /** The route is there but not for this HTTP method. */
  "operation.method_refused": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Ask for /health/live and /health/ready with GET.",
  },
  /** Another program listens where the server wants to. */
  "operation.address_taken": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Choose another port with --port; 0 takes any free one.",
  },
  /** The server stops and takes no more calls. */
  "operation.stopping": {
    severity: "low",
    recoverable: true,
    retryable: true,
    hint: "Connect again when the server has been restarted.",
  },
} as const;

/** Every code an error of the server may have. */
export type ServerErrorCode = keyof typeof serverErrorCodes | keyof typeof commonErrorCodes;

/** Makes an error of the server. */
export const serverError: ErrorFactory<ServerErrorCode> = createErrorFactory({
  ...commonErrorCodes,
  ...serverErrorCodes,
});
