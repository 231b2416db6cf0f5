import type { BatchResult } from "./batch-result.ts";
import { batchError } from "./errors.ts";

/** Codes named in the message; all of them are in the details. */
const codesInMessage = 3;

/**
 * Gives back a result in which every item succeeded.
 *
 * @throws {AtlasError} batch.failed with counts and codes, and the first error as its cause
 */
export function requireAllSucceeded<Result>(result: BatchResult<Result>): BatchResult<Result> {
  if (result.ok) return result;
  const { counts, errors, failures, stopped } = result;
  const codes = errors.slice(0, codesInMessage).map(({ code, count }) => `${code} (${count})`);
  const why = codes.length === 0 ? "" : `: ${codes.join(", ")}`;
  const first = failures.find(({ status }) => status === "failed") ?? failures[0];
  throw batchError(
    "batch.failed",
    `${counts.total - counts.succeeded} of ${counts.total} items did not succeed${why}.`,
    {
      details: { counts, errors, ...(stopped === undefined ? {} : { stopped }) },
      cause: result.stopError ?? first?.error,
    },
  );
}
