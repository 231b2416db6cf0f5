import { AtlasError, type ErrorClassification } from "./atlas-error.ts";
import { classifyFileSystem } from "./classify-file-system.ts";
import { classifyRuntime } from "./classify-runtime.ts";
import { classifySchema } from "./classify-schema.ts";
import { classifySqlite } from "./classify-sqlite.ts";
import { errorChain } from "./error-chain.ts";
import type { ErrorDiagnostics } from "./error-diagnostics.ts";
import { categoryOf } from "./error-category.ts";
import { commonErrorCodes } from "./errors.ts";
import type { Classifier, Finding } from "./finding.ts";
import { toJsonSafe, type JsonValue } from "./json-safe.ts";
import { readString } from "./read-property.ts";

// The runtime's names are the least specific, so they come last: better-sqlite3
// and zod errors may carry any name.
const classifiers: readonly Classifier[] = [
  classifySqlite,
  classifySchema,
  classifyFileSystem,
  classifyRuntime,
];

/**
 * Says what is known about any thrown value. Never throws.
 *
 * The first error along the chain of causes that is an AtlasError or known to a
 * classifier decides; `txState` comes from the first one that names it. The
 * context lists the whole chain.
 */
export function analyze(error: unknown): ErrorDiagnostics {
  const diagnoses = errorChain(error).map(diagnose);
  const known = diagnoses.find(({ source }) => source !== "unknown");
  const deciding = known ?? diagnoses[0] ?? diagnoseUnknown(error);
  const txState = diagnoses.find((diagnosis) => diagnosis.txState !== undefined)?.txState;
  return {
    ...deciding,
    txState,
    context: { ...deciding.context, ...chainContext(diagnoses) },
  };
}

function diagnose(value: unknown): ErrorDiagnostics {
  if (isAtlasError(value)) return diagnoseAtlas(value);
  for (const classify of classifiers) {
    const finding = classify(value);
    if (finding !== undefined) return diagnoseFinding(finding);
  }
  return diagnoseUnknown(value);
}

/** Unlike `AtlasError.is`, survives proxies and bare objects that merely carry the brand. */
function isAtlasError(value: unknown): value is AtlasError {
  try {
    return AtlasError.is(value) && readString(value, "code")?.includes(".") === true;
  } catch {
    return false;
  }
}

function diagnoseAtlas(error: AtlasError): ErrorDiagnostics {
  return {
    type: error.category,
    code: error.code,
    source: "atlas",
    severity: error.severity,
    recoverable: error.recoverable,
    retryable: error.retryable,
    retryScope: error.retryScope,
    txState: error.txState,
    hint: error.hint,
    // An object given to toJsonSafe comes back as an object.
    context: toJsonSafe(error.details) as Readonly<Record<string, JsonValue>>,
  };
}

function diagnoseFinding({ source, code, txState, context }: Finding): ErrorDiagnostics {
  const { severity, recoverable, retryable, retryScope, hint }: ErrorClassification =
    commonErrorCodes[code];
  return {
    type: categoryOf(code),
    code,
    source,
    severity,
    recoverable,
    retryable,
    // Every common code that may be retried names its scope.
    retryScope: retryScope ?? "never",
    txState,
    hint,
    // An object given to toJsonSafe comes back as an object.
    context: toJsonSafe(context) as Readonly<Record<string, JsonValue>>,
  };
}

function diagnoseUnknown(value: unknown): ErrorDiagnostics {
  const name = readString(value, "name");
  const code = readString(value, "code");
  const finding: Finding = {
    source: "unknown",
    code: "operation.unknown",
    context: {
      thrown: value === null ? "null" : typeof value,
      ...(name === undefined ? {} : { name }),
      ...(code === undefined ? {} : { foreignCode: code }),
    },
  };
  return diagnoseFinding(finding);
}

function chainContext(diagnoses: readonly ErrorDiagnostics[]): Readonly<Record<string, JsonValue>> {
  if (diagnoses.length < 2) return {};
  return { chain: diagnoses.map(({ source, code }) => ({ source, code })) };
}
