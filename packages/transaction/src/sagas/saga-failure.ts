import { AtlasError } from "@atlas/errors";
import type { SagaFailure } from "./saga-report.ts";

/** Longest message of a failure that is kept, in UTF-16 units. */
const messageLengthMax = 2_000;

/** What says of itself that trying again is useless is believed. @internal */
export function isWorthRepeating(error: unknown): boolean {
  return !AtlasError.is(error) || error.retryable;
}

/** @internal */
export function failureOf(step: string, error: unknown): SagaFailure {
  if (!(error instanceof Error))
    return { step, code: typeof error, message: "Something that is no error was thrown." };
  const code = AtlasError.is(error) ? error.code : error.name;
  return { step, code, message: error.message.slice(0, messageLengthMax) };
}
