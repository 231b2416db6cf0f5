import { checkOptions } from "@atlas/errors";
import { acceptAll } from "./accept-all.ts";
import type { BatchProcessor, BatchValidate } from "./batch-processor.ts";
import {
  type BatchAtomic,
  type BatchChange,
  TransactionalProcessor,
} from "./transactional-batch-processor.ts";

/** What an index processor is made of. */
export interface IndexBatchPorts<Input, Change, Transaction> {
  /** Runs a body in a transaction and nests, as `atomic` of a transaction manager. */
  readonly atomic: BatchAtomic<Transaction>;
  /** Brings indexes in line with all changes of a batch; `batchUpdate` of an index coordinator. */
  readonly batchUpdate: (changes: readonly Change[], transaction: Transaction) => Promise<unknown>;
  /** The change of an item. Default: what the operation answered. */
  readonly changeOf?: (change: BatchChange<Input>) => Change;
  /** Refuses items before any is processed. Default: none is refused. */
  readonly validate?: BatchValidate<Input, Input, Transaction>;
}

/**
 * Makes a processor that tells indexes of the changes of each batch at once, in
 * one transaction: to fill an index that was added later, or to repair one.
 *
 * Failures are met as by the storage processor.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function createIndexBatchProcessor<Input, Change, Transaction>(
  ports: IndexBatchPorts<Input, Change, Transaction>,
): BatchProcessor<Input, Input, Transaction> {
  checkOptions<object>("createIndexBatchProcessor", ports, {
    atomic: "any",
    batchUpdate: "any",
    changeOf: "any",
    validate: "any",
  });
  const { atomic, batchUpdate, validate = acceptAll<Input> } = ports;
  // Without `changeOf` the caller promises that operations answer with changes.
  const changeOf = ports.changeOf ?? (({ result }: BatchChange<Input>) => result as Change);
  return new TransactionalProcessor({
    atomic,
    validate,
    savepoints: "on-failure",
    batchSizeDefault: 500,
    write: (changes, transaction) => batchUpdate(changes.map(changeOf), transaction),
  });
}
