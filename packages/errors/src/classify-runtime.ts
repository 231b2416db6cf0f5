import type { CommonErrorCode } from "./errors.ts";
import type { Finding } from "./finding.ts";
import { readString } from "./read-property.ts";

/** What the runtime's own errors mean, by name: `AbortSignal` gives them no code of use. */
const codesByName: Readonly<Record<string, CommonErrorCode>> = {
  AbortError: "operation.cancelled",
  AssertionError: "operation.defect",
  RangeError: "operation.defect",
  ReferenceError: "operation.defect",
  SyntaxError: "operation.defect",
  TimeoutError: "operation.timeout",
  TypeError: "operation.defect",
};

/** Knows cancellation, timeouts and mistakes of the program. */
export function classifyRuntime(value: unknown): Finding | undefined {
  const name = readString(value, "name");
  if (name === undefined || !Object.hasOwn(codesByName, name)) return undefined;
  const code = codesByName[name];
  if (code === undefined) return undefined;
  const runtimeCode = readString(value, "code");
  return {
    source: "runtime",
    code,
    context: { name, ...(runtimeCode === undefined ? {} : { runtimeCode }) },
  };
}
