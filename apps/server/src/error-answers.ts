/**
 * The one place that says how errors leave the server: as MCP tool results, as
 * exit codes of the command line and as HTTP statuses. A code that is not
 * listed is answered like its category.
 */
import { analyze, AtlasError, type ErrorCategory, type ErrorCode } from "@atlas/errors";

/** How a kind of error is answered where there is only room for a number. */
export interface ErrorAnswer {
  readonly exitCode: number;
  readonly httpStatus: number;
}

/** The exit codes of the command line. */
export const exitCodes = {
  /** All went well. */
  ok: 0,
  /** Something failed, or `verify` found something. */
  failed: 1,
  /** The command line, an argument or a setting is wrong. */
  usage: 2,
  /** A task, file or other thing does not exist. */
  notFound: 3,
  /** The present state of the task refuses the change. */
  conflict: 4,
  /** The store cannot be used: locked, full, damaged, forbidden, or of a newer version. */
  storeUnavailable: 5,
} as const;

const failed: ErrorAnswer = { exitCode: exitCodes.failed, httpStatus: 500 };
const usage: ErrorAnswer = { exitCode: exitCodes.usage, httpStatus: 400 };
const notFound: ErrorAnswer = { exitCode: exitCodes.notFound, httpStatus: 404 };
const conflict: ErrorAnswer = { exitCode: exitCodes.conflict, httpStatus: 409 };
const unavailable: ErrorAnswer = { exitCode: exitCodes.storeUnavailable, httpStatus: 503 };

const byCategory: Readonly<Record<ErrorCategory, ErrorAnswer>> = {
  configuration: usage,
  validation: usage,
  storage: unavailable,
  transaction: unavailable,
  index: unavailable,
  batch: failed,
  operation: failed,
  recovery: unavailable,
  session: failed,
  migration: failed,
  analysis: failed,
  task: conflict,
};

const byCode: Readonly<Partial<Record<ErrorCode, ErrorAnswer>>> = {
  "task.not_found": notFound,
  "task.parent_not_found": notFound,
  "task.dependency_not_found": notFound,
  "task.path_invalid": usage,
  "task.too_deep": usage,
  "task.self_dependency": usage,
  "task.limit_exceeded": usage,
  "task.cursor_invalid": usage,
  "storage.file_not_found": notFound,
  "storage.constraint": conflict,
  "operation.usage": usage,
  "operation.unauthorized": { exitCode: exitCodes.failed, httpStatus: 401 },
  "operation.no_such_route": { exitCode: exitCodes.notFound, httpStatus: 404 },
  "operation.method_refused": { exitCode: exitCodes.usage, httpStatus: 405 },
  "operation.version_conflict": conflict,
  "batch.job_taken": conflict,
  "batch.input_differs": conflict,
  "operation.stopping": unavailable,
};

/** The numbers for an error. */
export function answerTo(code: ErrorCode): ErrorAnswer {
  const category = code.slice(0, code.indexOf(".")) as ErrorCategory;
  return byCode[code] ?? byCategory[category];
}

/** An error as callers see it, over every way into the server. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * What a caller may know of an error. The text of an error that Atlas did not
 * throw stays in the log: it may hold anything.
 */
export function reportOf(error: unknown): ErrorReport {
  const { code, hint, retryable, context } = analyze(error);
  const message = AtlasError.is(error)
    ? error.message
    : `The call failed inside Atlas with ${code}; nothing was acknowledged.`;
  return { code, message, hint, retryable, details: context };
}

/** One line: code, what happened, what to do. */
export function sentenceOf({ code, message, hint }: ErrorReport): string {
  return `${code}: ${message}${hint === "" ? "" : ` ${hint}`}`;
}
