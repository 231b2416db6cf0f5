import { analyze } from "@atlas/errors";

/** Causes named in a line. */
const causesMax = 5;

/** What a log line says of an error: enough to find it, its stack and its causes included. */
export function describeError(error: Error): unknown {
  try {
    return describe(error);
  } catch {
    // A getter of the error threw; the rest of the line is still worth writing.
    return "[unreadable]";
  }
}

function describe(error: Error): Readonly<Record<string, unknown>> {
  const { code, severity, retryable, txState, context } = analyze(error);
  return {
    code,
    severity,
    retryable,
    ...(txState === undefined ? {} : { txState }),
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(Object.keys(context).length === 0 ? {} : { context }),
    ...(error.cause === undefined ? {} : { causes: causesOf(error) }),
  };
}

function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  for (
    let { cause } = error;
    cause !== undefined && causes.length < causesMax;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : `[${typeof cause}]`);
  }
  return causes;
}
