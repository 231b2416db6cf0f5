import type { TransactionState } from "./atlas-error.ts";
import type { ErrorSource } from "./error-diagnostics.ts";
import type { CommonErrorCode } from "./errors.ts";
import type { JsonValue } from "./json-safe.ts";

/** What a classifier says about a foreign error that it knows. */
export interface Finding {
  readonly source: ErrorSource;
  readonly code: CommonErrorCode;
  readonly txState?: TransactionState;
  readonly context: Readonly<Record<string, JsonValue>>;
}

/** Knows one family of errors by their shape, so that no driver has to be imported. */
export type Classifier = (value: unknown) => Finding | undefined;
