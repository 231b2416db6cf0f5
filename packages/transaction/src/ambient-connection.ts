import type { Connection, Database } from "@atlas/storage";
import type { Frame } from "./frame.ts";
import type { TransactionCoordinator } from "./transaction.ts";

/**
 * The connection that follows the calling code: into its transaction when it
 * runs in one, otherwise to the readers, or to a transaction of one statement.
 *
 * @internal
 */
export function createAmbientConnection(
  database: Database,
  coordinator: TransactionCoordinator,
  current: () => Frame | undefined,
): Connection {
  return {
    id: "ambient",
    get: (query, ...values) => (current() ?? database).get(query, ...values),
    all: (query, ...values) => (current() ?? database).all(query, ...values),
    run: (query, ...values) =>
      current()?.run(query, ...values) ?? coordinator.atomic((tx) => tx.run(query, ...values)),
    runMany: (query, rows) =>
      current()?.runMany(query, rows) ?? coordinator.atomic((tx) => tx.runMany(query, rows)),
    execute: (sql, params) =>
      current()?.execute(sql, params) ?? coordinator.atomic((tx) => tx.execute(sql, params)),
  };
}
