import type { Dialect } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import {
  createSagaRunner,
  defineSaga,
  type Saga,
  type SagaRunner,
  type SagaStep,
} from "@atlas/transaction/sagas";

/** Open sagas that the killed process leaves. */
export const sagaCount = 100;
/** How many of them are on their way back. */
export const undoneCount = 10;

export interface Order {
  readonly number: number;
  /** Where its process waits for a service when it is killed. */
  readonly waitsAt: string;
  readonly fails: boolean;
}

/** Told of each call of a service, which answers when the promise resolves. */
export type Service = (order: Order, call: string) => Promise<void> | void;

const stepNames = ["reserve", "charge", "ship"] as const;

/** Order number `number`: one in ten fails at its last step and is being undone. */
export function orderOf(number: number): Order {
  const fails = number % (sagaCount / undoneCount) === 0;
  const waitsAt = fails ? "undo charge" : (stepNames[number % stepNames.length] ?? stepNames[0]);
  return { number, waitsAt, fails };
}

export interface Orders {
  readonly runner: SagaRunner;
  readonly saga: Saga<Order>;
}

/** Sagas of three steps, each with a call of a service and a row in the store. */
export async function openOrders(
  transactions: TransactionManager,
  dialect: Dialect,
  service: Service,
): Promise<Orders> {
  const step = (name: string): SagaStep<Order> => ({
    name,
    retry: { attemptsMax: 1 },
    outside: async ({ input }) => service(input, name),
    run: async (transaction, { input }) => {
      if (input.fails && name === "ship") throw new Error("The address is unknown.");
      const values = [input.number, name];
      await transaction.execute("INSERT INTO effects VALUES (?, ?, 'done')", values);
    },
    compensateOutside: async ({ input }) => service(input, `undo ${name}`),
    compensate: async (transaction, { input }) => {
      const values = [input.number, name];
      await transaction.execute("INSERT INTO effects VALUES (?, ?, 'undone')", values);
    },
  });
  const saga = defineSaga<Order>({ name: "order", steps: stepNames.map(step) });
  // A server has its name again after a restart, and need not wait for its old leases.
  const runner = createSagaRunner(transactions, { dialect, sagas: [saga], holder: "server" });
  await runner.prepare();
  return { runner, saga };
}
