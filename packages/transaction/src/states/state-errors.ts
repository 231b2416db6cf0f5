import type { AtlasError } from "@atlas/errors";
import { transactionError } from "../errors.ts";

/** @internal */
export function unknownService(id: string): AtlasError {
  return transactionError(
    "transaction.state_unknown",
    `There is no service "${id}". Register it first.`,
    { details: { service: id } },
  );
}

/** @internal */
export function unknownState(state: string): AtlasError {
  return transactionError(
    "transaction.state_unknown",
    `"${state}" is none of the declared states. Declare it, or name another.`,
    { details: { state } },
  );
}

/** @internal */
export function conflict(id: string, reason: string): AtlasError {
  return transactionError(
    "transaction.state_conflict",
    `The service "${id}" ${reason}. Read it again and decide anew.`,
    { details: { service: id } },
  );
}

/** @internal */
export function illegal(id: string, from: string, to: string): AtlasError {
  return transactionError(
    "transaction.state_illegal",
    `The service "${id}" cannot go from "${from}" to "${to}": no such transition is declared.`,
    { details: { service: id, from, to } },
  );
}

/** @internal */
export function unmetRequirements(id: string, unmet: readonly string[]): AtlasError {
  return transactionError(
    "transaction.state_dependency",
    `The transition of "${id}" is refused. ${unmet.join(" ")}`,
    { details: { service: id, unmet } },
  );
}

/** @internal */
export function tampered(what: string): AtlasError {
  return transactionError(
    "transaction.state_tampered",
    `${what} does not fit its checksum: something other than the manager has changed it. ` +
      "Restore a snapshot that is known to be good.",
    { details: { what } },
  );
}
