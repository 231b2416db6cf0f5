import { analyze, AtlasError } from "@atlas/errors";

/**
 * An error of the system under a sentence that says what Atlas was doing; its
 * code and hint are those that belong to the cause. An error of Atlas stays as
 * it is: its own sentence is the better one.
 */
export function explainFailure(cause: unknown, message: string): Error {
  if (AtlasError.is(cause)) return cause;
  const { code, severity, recoverable, retryable, hint, context } = analyze(cause);
  const details = { cause: context };
  return new AtlasError(code, message, {
    cause,
    severity,
    recoverable,
    retryable,
    hint,
    details,
  });
}
