import type { TransactionManager } from "../transaction.ts";
import { createMemoryMap } from "./create-memory-map.ts";

/** One value in memory that changes with the database, seen as the values of a `MemoryMap` are. */
export interface MemoryValue<T> {
  get(): T;
  /** @throws {AtlasError} as `set` of a `MemoryMap` does. */
  set(value: T): void;
  /** Sets the value outside any transaction, as `reset` of a `MemoryMap` does. */
  reset(value: T): void;
}

/** Creates a value that takes part in the transactions of a manager. */
export function createMemoryValue<T>(
  transactions: Pick<TransactionManager, "current">,
  initial: T,
): MemoryValue<T> {
  const map = createMemoryMap<"value", T>(transactions, { sizeMax: 1 });
  map.reset([["value", initial]]);
  return Object.freeze<MemoryValue<T>>({
    // It is set from the beginning and never deleted; T may include undefined.
    get: () => map.get("value") as T,
    set: (value) => map.set("value", value),
    reset: (value) => map.reset([["value", value]]),
  });
}
