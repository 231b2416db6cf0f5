import { AtlasError } from "@atlas/errors";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  createTransactionManager,
  type TransactionManager,
  type TransactionManagerOptions,
} from "@atlas/transaction";
import { createMemoryMap, type MemoryMap } from "@atlas/transaction/participants";
import { controlLease, type LeaseControl } from "../fake-lease.ts";

/** A map over a real database whose device can be made to fail. */
export interface OpenMemory extends AsyncDisposable {
  readonly manager: TransactionManager;
  readonly control: LeaseControl;
  readonly map: MemoryMap<string, number>;
}

export async function openMemory(options: TransactionManagerOptions = {}): Promise<OpenMemory> {
  const store = await openTemporaryDatabase();
  const { database, control } = controlLease(store.database);
  const manager = await createTransactionManager(database, options);
  await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");
  return {
    manager,
    control,
    map: createMemoryMap(manager),
    async [Symbol.asyncDispose]() {
      await manager.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** What a call throws: its code, or the error itself; undefined when it does not. */
export const codeOf = (call: () => unknown): unknown => {
  try {
    call();
    return undefined;
  } catch (error) {
    return AtlasError.is(error) ? error.code : error;
  }
};
