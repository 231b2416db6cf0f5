import type { ErrorSeverity, RetryScope, TransactionState } from "./atlas-error.ts";
import type { ErrorCategory, ErrorCode } from "./error-category.ts";
import type { JsonValue } from "./json-safe.ts";

/** Where an error came from. */
export type ErrorSource = "atlas" | "sqlite" | "fileSystem" | "schema" | "runtime" | "unknown";

/** What is known about an error, whoever threw it. */
export interface ErrorDiagnostics {
  /** The category of `code`. */
  readonly type: ErrorCategory;
  /** The code of an AtlasError, or the Atlas code that a foreign error amounts to. */
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly severity: ErrorSeverity;
  /** True when the program can go on after the cause was dealt with. */
  readonly recoverable: boolean;
  /** True when the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** What to repeat; `never` exactly when not retryable. */
  readonly retryScope: RetryScope;
  /** The state of the surrounding transaction; `undefined` when the error says nothing of it. */
  readonly txState: TransactionState | undefined;
  /** What the caller should do next, as a full sentence; may be empty. */
  readonly hint: string;
  /** JSON-safe facts of bounded size, without foreign messages and bound values. */
  readonly context: Readonly<Record<string, JsonValue>>;
}
