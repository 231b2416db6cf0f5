import { openEngine, type UnifiedStorageEngine } from "@atlas/engine";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTaskManager, taskCollections, type TaskManager } from "@atlas/tasks";
import { createTransactionManager } from "@atlas/transaction";

/** A task manager over a SQLite file of its own, with a clock that only moves when told. */
export interface OpenTasks extends AsyncDisposable {
  readonly tasks: TaskManager;
  readonly engine: UnifiedStorageEngine;
  readonly path: string;
  readonly advance: (ms: number) => void;
  readonly now: () => number;
}

/** Nothing here survives the test, so commits need not wait for the disk. */
export async function openTasks(): Promise<OpenTasks> {
  const temporary = await openTemporaryDatabase();
  const { database, path } = temporary;
  const transactions = await createTransactionManager(database, { durability: "relaxed" });
  let now = Date.UTC(2030, 0, 1);
  const clock = (): number => now;
  const engine = await openEngine({ database, transactions, collections: taskCollections, clock });
  return {
    tasks: createTaskManager(engine, { clock }),
    engine,
    path,
    advance: (ms) => {
      now += ms;
    },
    now: clock,
    async [Symbol.asyncDispose]() {
      await engine.close();
      await transactions.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}
