import { storageError } from "../errors.ts";

/** The error of a query that cannot be built; `part` is the call of the builder at fault. */
export function queryInvalid(part: string, reason: string): Error {
  return storageError("storage.query_invalid", `The query cannot be built: ${part}: ${reason}.`, {
    details: { part },
  });
}

/** A name for a message: cut, so that it stays a message. */
export function shown(name: unknown): string {
  const text = typeof name === "string" ? name : String(typeof name);
  return text.length > 64 ? `"${text.slice(0, 64)}…"` : `"${text}"`;
}
