import { type Query, sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  createTransactionManager,
  type TransactionEvent,
  type TransactionManager,
  type TransactionManagerOptions,
} from "@atlas/transaction";
import { controlLease, type LeaseControl } from "./fake-lease.ts";

/** A manager over a real database with one table, whose device can be made to fail. */
export interface OpenManager extends AsyncDisposable {
  readonly manager: TransactionManager;
  readonly control: LeaseControl;
  readonly events: TransactionEvent[];
  /** The names in the table, sorted. */
  stored(): Promise<readonly string[]>;
}

export const insert: Query<never, { name: string }> = sqlQuery("INSERT INTO items VALUES (:name)");
export const names: Query<{ name: string }> = sqlQuery("SELECT name FROM items ORDER BY name");

/** Its table is `items (name TEXT PRIMARY KEY)`; pauses take no time unless `random` says so. */
export async function openManager(options: TransactionManagerOptions = {}): Promise<OpenManager> {
  const store = await openTemporaryDatabase();
  const { database, control } = controlLease(store.database);
  const events: TransactionEvent[] = [];
  const manager = await createTransactionManager(database, {
    onEvent: (event) => events.push(event),
    random: () => 0,
    ...options,
  });
  await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");
  control.log.length = 0;
  events.length = 0;
  return {
    manager,
    control,
    events,
    stored: async () => (await store.database.all(names)).map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      await manager.close();
      await store[Symbol.asyncDispose]();
    },
  };
}
