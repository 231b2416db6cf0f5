import type { Dialect } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, type TransactionManager } from "@atlas/transaction";
import {
  createServiceStateManager,
  type ServiceStateManager,
  type ServiceStateOptions,
} from "@atlas/transaction/states";

export type State = "stopped" | "starting" | "running" | "draining";

export const rules: Pick<ServiceStateOptions<State>, "states" | "transitions"> = {
  states: ["stopped", "starting", "running", "draining"],
  transitions: {
    stopped: ["starting"],
    starting: ["running", "stopped"],
    running: ["draining", "stopped"],
    draining: ["stopped", "running"],
  },
};

export interface Store extends AsyncDisposable {
  readonly transactions: TransactionManager;
  readonly services: ServiceStateManager<State>;
  readonly dialect: Dialect;
}

/** Opens an empty store; its clock counts. */
export async function openStore(options: { historyMax?: number } = {}): Promise<Store> {
  const temporary = await openTemporaryDatabase();
  const transactions = await createTransactionManager(temporary.database);
  const { dialect } = temporary.database;
  let now = 0;
  const clock = (): number => (now += 1);
  const services = createServiceStateManager(transactions, {
    dialect,
    clock,
    ...rules,
    ...options,
  });
  await Promise.all([services.prepare(), services.prepare()]);
  return {
    transactions,
    services,
    dialect,
    async [Symbol.asyncDispose]() {
      await transactions.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** Brings services from their first state to running. */
export async function start(services: ServiceStateManager<State>, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await services.transition(id, "stopped", "starting");
    await services.transition(id, "starting", "running");
  }
}

/** web needs api running or draining, api needs database running. */
export async function registerThree(services: ServiceStateManager<State>): Promise<void> {
  await services.register("database");
  await services.register("api", {
    dependencies: [{ service: "database", requires: ["running"], fallback: "draining" as const }],
  });
  await services.register("web", {
    dependencies: [{ service: "api", requires: ["running"], fallback: "stopped" as const }],
  });
}
