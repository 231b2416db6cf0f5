import { analyze, AtlasError } from "@atlas/errors";
import { storageError, type StorageErrorCode } from "../errors.ts";

/** Turns an error of the file system into one of this package, with the original as its cause. */
export function translateFileError(cause: unknown, path: string): AtlasError {
  if (AtlasError.is(cause)) return cause;
  const { code, hint, context } = analyze(cause);
  return storageError(code as StorageErrorCode, `The file ${path} could not be used. ${hint}`, {
    cause,
    details: { ...context, path },
  });
}
