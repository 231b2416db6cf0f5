import { checkOptions } from "@atlas/errors";
import type { Connection, Query } from "@atlas/storage";
import { acceptAll } from "./accept-all.ts";
import type { BatchProcessor, BatchValidate } from "./batch-processor.ts";
import {
  type BatchAtomic,
  type BatchChange,
  TransactionalProcessor,
} from "./transactional-batch-processor.ts";

/** What a storage processor is made of. */
export interface StorageBatchPorts<
  Input,
  Values extends object,
  Transaction extends Pick<Connection, "runMany">,
> {
  /** Runs a body in a transaction and nests, as `atomic` of a transaction manager. */
  readonly atomic: BatchAtomic<Transaction>;
  /** Writes one row: an insert, an upsert, an update or a delete. */
  readonly query: Query<unknown, Values>;
  /** The values of the query for an item. Default: what the operation answered. */
  readonly valuesOf?: (change: BatchChange<Input>) => Values;
  /** Refuses items before any is processed. Default: none is refused. */
  readonly validate?: BatchValidate<Input, Input, Transaction>;
}

/**
 * Makes a processor that writes the rows of each batch at once, in one
 * transaction: the operation makes the row of an item, the processor writes it.
 *
 * When an item fails, or a row is refused by the database, the batch is undone
 * and done again one item at a time, so that only the culprits fail: operations
 * may run twice and must leave the writing to the processor.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function createStorageBatchProcessor<
  Input,
  Values extends object,
  Transaction extends Pick<Connection, "runMany">,
>(ports: StorageBatchPorts<Input, Values, Transaction>): BatchProcessor<Input, Input, Transaction> {
  checkOptions<object>("createStorageBatchProcessor", ports, {
    atomic: "any",
    query: "any",
    valuesOf: "any",
    validate: "any",
  });
  const { atomic, query, validate = acceptAll<Input> } = ports;
  // Without `valuesOf` the caller promises that operations answer with values of the query.
  const valuesOf = ports.valuesOf ?? (({ result }: BatchChange<Input>) => result as Values);
  return new TransactionalProcessor({
    atomic,
    validate,
    savepoints: "on-failure",
    batchSizeDefault: 500,
    write: (changes, transaction) => transaction.runMany(query, changes.map(valuesOf)),
  });
}
