import { analyze, AtlasError, type ErrorCode } from "@atlas/errors";

/** Turns an error of the file system into one with a code, and the original as its cause. */
export function fileError(cause: unknown, path: string): AtlasError {
  if (AtlasError.is(cause)) return cause;
  const { code, severity, recoverable, retryable, retryScope, hint, context } = analyze(cause);
  // `analyze` answers with codes of its own table, all of which have this form.
  return new AtlasError(code as ErrorCode, `The file ${path} could not be used. ${hint}`, {
    cause,
    severity,
    recoverable,
    retryable,
    retryScope,
    hint,
    details: { ...context, path },
  });
}
