import { openEngine, type UnifiedStorageEngine } from "@atlas/engine";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTaskManager, taskCollections, type TaskManager } from "@atlas/tasks";
import { createTransactionManager } from "@atlas/transaction";

/** A task manager over a file, durable as by default. */
export interface OpenStore extends AsyncDisposable {
  readonly tasks: TaskManager;
  readonly engine: UnifiedStorageEngine;
  readonly path: string;
}

/** Opens an empty store that is deleted with the block that uses it. */
export async function openStore(): Promise<OpenStore> {
  const directory = temporaryDirectory();
  const store = await openStoreAt(directory.file("tasks.db"));
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** Opens the store in a file. */
export async function openStoreAt(path: string): Promise<OpenStore> {
  const database = await openSqlite(path);
  const transactions = await createTransactionManager(database);
  const engine = await openEngine({ database, transactions, collections: taskCollections });
  return {
    path,
    engine,
    tasks: createTaskManager(engine),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await transactions.close();
      await database.close();
    },
  };
}
