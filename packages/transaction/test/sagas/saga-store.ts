import type { Dialect } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  createTransactionManager,
  type Transaction,
  type TransactionManager,
} from "@atlas/transaction";
import {
  createSagaRunner,
  type Saga,
  type SagaRunner,
  type SagaRunnerOptions,
  type SagaStep,
} from "@atlas/transaction/sagas";

/** A store with a table of effects. */
export interface Store extends AsyncDisposable {
  readonly transactions: TransactionManager;
  readonly dialect: Dialect;
  runner(sagas: readonly Saga<never>[], options?: Partial<SagaRunnerOptions>): Promise<SagaRunner>;
  /** Names of the effects that are there. */
  effects(): Promise<readonly unknown[]>;
}

/** Opens an empty store; its runners have clocks that count. */
export async function openStore(): Promise<Store> {
  const temporary = await openTemporaryDatabase();
  const transactions = await createTransactionManager(temporary.database);
  const { dialect } = temporary.database;
  await transactions.connection.execute("CREATE TABLE effects (name TEXT)");
  let now = 0;
  let ids = 0;
  return {
    transactions,
    dialect,
    async runner(sagas, options = {}) {
      const runner = createSagaRunner(transactions, {
        dialect,
        sagas,
        clock: () => (now += 1),
        createId: () => `saga${(ids += 1)}`,
        ...options,
      });
      await Promise.all([runner.prepare(), runner.prepare()]);
      return runner;
    },
    async effects() {
      const { rows } = await transactions.connection.execute(
        "SELECT name FROM effects ORDER BY rowid",
      );
      return rows.map((row) => row["name"]);
    },
    async [Symbol.asyncDispose]() {
      await transactions.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** Adds an effect. */
export async function add(transaction: Transaction, name: string): Promise<void> {
  await transaction.execute("INSERT INTO effects VALUES (?)", [name]);
}

/** A step whose effect is its name, and whose compensation takes it away. */
export function stepOf<Input>(name: string, more: Partial<SagaStep<Input>> = {}): SagaStep<Input> {
  return {
    name,
    retry: { pauseMs: 0 },
    run: async (transaction) => {
      await add(transaction, name);
      return `${name} done`;
    },
    compensate: async (transaction) =>
      void (await transaction.execute("DELETE FROM effects WHERE name = ?", [name])),
    ...more,
  };
}

/** A function that fails as often as told, and then answers. */
export function failing(times: number, error: () => unknown = () => new Error("not yet")) {
  let left = times;
  return async (): Promise<string> => {
    left -= 1;
    if (left >= 0) throw error();
    return "answer";
  };
}
