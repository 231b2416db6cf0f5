/**
 * The root of every error Atlas throws on purpose.
 *
 * Two copies of this package may be loaded in one process (two versions in one
 * dependency tree), so `instanceof` is not enough to recognise an error. Every
 * error therefore carries a property keyed by a symbol from the global symbol
 * registry, which all copies share.
 */
import { categoryOf, type ErrorCategory, type ErrorCode } from "./error-category.ts";
import { toJsonSafe } from "./json-safe.ts";

// A computed key needs a `unique symbol`, and Symbol.for is typed as `symbol`.
const brand: unique symbol = Symbol.for("@atlas/errors/AtlasError") as never;

/** How bad an error is for the system as a whole. */
export type ErrorSeverity = "low" | "medium" | "high" | "critical";

/** What is known about the surrounding transaction when an error is thrown. */
export type TransactionState = "none" | "active" | "rolledBack" | "unknown";

/** How much has to be repeated when a failed call is tried again. */
export type RetryScope = "statement" | "transaction" | "operation" | "never";

/** What every error with a given code has in common. */
export interface ErrorClassification {
  readonly severity: ErrorSeverity;
  /** True when the program can go on after the cause was dealt with. */
  readonly recoverable: boolean;
  /** True when the same call may succeed later without any change. */
  readonly retryable: boolean;
  /**
   * What to repeat. Always `never` when not retryable. Default: `transaction`
   * when the error says that one was active or was rolled back, else
   * `operation`.
   */
  readonly retryScope?: RetryScope;
  /** What the caller should do next, as a full sentence. */
  readonly hint: string;
}

/** What a thrower supplies besides code and message. */
export interface AtlasErrorOptions extends ErrorOptions, Partial<ErrorClassification> {
  /** JSON-safe facts for programs. Never row contents or bound values. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly txState?: TransactionState;
}

/** The JSON form of an {@link AtlasError}, without stack and cause. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly category: string;
  readonly severity: ErrorSeverity;
  readonly recoverable: boolean;
  readonly retryable: boolean;
  readonly retryScope: RetryScope;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly txState?: TransactionState;
}

/** An error with a stable code that programs can rely on. */
export class AtlasError<Code extends ErrorCode = ErrorCode> extends Error {
  /** Stable, of the form `category.reason`. Part of the public API. */
  readonly code: Code;
  readonly severity: ErrorSeverity;
  readonly recoverable: boolean;
  readonly retryable: boolean;
  readonly retryScope: RetryScope;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly txState: TransactionState | undefined;

  constructor(code: Code, message: string, options: AtlasErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "AtlasError";
    this.code = code;
    this.severity = options.severity ?? "medium";
    this.recoverable = options.recoverable ?? true;
    this.retryable = options.retryable ?? false;
    this.retryScope = this.retryable ? (options.retryScope ?? scopeFor(options.txState)) : "never";
    this.hint = options.hint ?? "";
    this.details = Object.freeze({ ...options.details });
    this.txState = options.txState;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The group of the code: everything before its first dot. */
  get category(): ErrorCategory {
    return categoryOf(this.code);
  }

  /** True for errors made by any loaded copy of this package, in any realm. */
  static is(value: unknown): value is AtlasError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** The fields a log line or another process may see; always fit for `JSON.stringify`. */
  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      category: this.category,
      severity: this.severity,
      recoverable: this.recoverable,
      retryable: this.retryable,
      retryScope: this.retryScope,
      hint: this.hint,
      // An object given to toJsonSafe comes back as an object.
      details: toJsonSafe(this.details) as Readonly<Record<string, unknown>>,
      ...(this.txState === undefined ? {} : { txState: this.txState }),
    };
  }
}

function scopeFor(txState: TransactionState | undefined): RetryScope {
  return txState === "active" || txState === "rolledBack" ? "transaction" : "operation";
}
