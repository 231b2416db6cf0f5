import { AtlasError, type AtlasErrorOptions, type ErrorClassification } from "./atlas-error.ts";
import type { ErrorCode } from "./error-category.ts";

/** All codes of one package with what is always true of each. */
export type ErrorCodeTable = Readonly<Partial<Record<ErrorCode, ErrorClassification>>>;

/** Makes an error whose classification comes from the table; `options` may sharpen it. */
export type ErrorFactory<Code extends ErrorCode> = <Thrown extends Code>(
  code: Thrown,
  message: string,
  options?: AtlasErrorOptions,
) => AtlasError<Thrown>;

/** Binds a table of codes to a factory that fills in severity, retryability and hint. */
export function createErrorFactory<Table extends ErrorCodeTable>(
  table: Table,
): ErrorFactory<keyof Table & ErrorCode> {
  return function create(code, message, options = {}) {
    const error = new AtlasError(code, message, { ...table[code], ...options });
    // The trace begins where the error was thrown, not here.
    Error.captureStackTrace(error, create);
    return error;
  };
}
