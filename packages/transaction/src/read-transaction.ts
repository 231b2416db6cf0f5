import type { Connection, Reader } from "@atlas/storage";
import { readonlyError } from "./frame.ts";

/**
 * Gives a snapshot the shape of a connection; every write is refused.
 *
 * @internal
 */
export function readonlyConnection(id: string, reader: Reader): Connection {
  const refuse = (): Promise<never> => Promise.reject(readonlyError());
  return {
    id,
    get: (query, ...values) => reader.get(query, ...values),
    all: (query, ...values) => reader.all(query, ...values),
    run: refuse,
    runMany: refuse,
    execute: refuse,
  };
}
