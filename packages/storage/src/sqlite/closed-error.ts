import { storageError } from "../errors.ts";

/** The error of every call after close. */
export function closedError(location: string): Error {
  return storageError(
    "storage.closed",
    `The database ${location} is closed. Open it again to use it.`,
    { txState: "none", details: { location } },
  );
}

/** The error of a reader or connection that outlived its body. */
export function handleClosedError(): Error {
  return storageError(
    "storage.handle_closed",
    "The connection was used after the body it belonged to had ended. " +
      "Await every call inside the body.",
    { txState: "none" },
  );
}
