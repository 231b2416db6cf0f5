import { type Connection, type Dialect, sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, type TransactionManager } from "@atlas/transaction";
import { createOperationFailureLog, type OperationFailureLog } from "@atlas/transaction/commands";

/** A store with a table of points and a failure log whose clock counts. */
export interface Store extends AsyncDisposable {
  readonly transactions: TransactionManager;
  readonly dialect: Dialect;
  readonly failureLog: OperationFailureLog;
  count(): Promise<number>;
}

/** Opens an empty one. */
export async function openStore(entriesMax = 100): Promise<Store> {
  const temporary = await openTemporaryDatabase();
  const transactions = await createTransactionManager(temporary.database);
  const { dialect } = temporary.database;
  let now = 0;
  const clock = (): number => (now += 10);
  const failureLog = createOperationFailureLog(transactions, { dialect, entriesMax, clock });
  await Promise.all([failureLog.prepare(), failureLog.prepare()]);
  await transactions.connection.execute("CREATE TABLE points (name TEXT PRIMARY KEY)");
  return {
    transactions,
    dialect,
    failureLog,
    async count() {
      const query = sqlQuery<{ count: number }>("SELECT count(*) AS count FROM points");
      return (await temporary.database.get(query))?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await transactions.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** Adds points and answers with their names. */
export async function insertPoints(connection: Connection, ...names: string[]): Promise<string[]> {
  for (const name of names) await connection.execute("INSERT INTO points VALUES (?)", [name]);
  return names;
}
