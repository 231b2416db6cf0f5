import { checkOptions } from "@atlas/errors";
import type { BatchCoordinator, BatchInput } from "@atlas/batch";
import type { BatchJobStore } from "@atlas/batch/checkpoints";
import type { TransactionManager } from "@atlas/transaction";
import type { ChangeContexts } from "./change-context.ts";
import type { CollectionRuntime } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import type { Collection, WriteOptions } from "./engine.ts";
import { keyValues } from "./record-key.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { SaveAllOptions } from "./save-all.ts";
import type { SaveManyOptions } from "./save-many.ts";
import { saveRecords } from "./save-records.ts";
import { saveStream } from "./save-stream.ts";
import { deleteRecord, saveRecord } from "./write-record.ts";

/** What a collection works with. */
export interface CollectionParts {
  readonly runtime: CollectionRuntime;
  readonly reader: RecordReader;
  readonly writer: RecordWriter;
  readonly transactions: TransactionManager;
  readonly batches: BatchCoordinator;
  readonly contexts: ChangeContexts;
  readonly jobs: BatchJobStore;
  /** @throws {AtlasError} operation.engine_closed */
  readonly requireOpen: () => void;
}

/** A collection whose types are put on by whoever hands it out. */
export type UntypedCollection = Collection<Row, unknown, unknown>;

const writeOptions = { actor: "any", ifVersion: { min: 0, max: Number.MAX_SAFE_INTEGER } } as const;

/** Makes the collection that callers use. */
export function createCollection(parts: CollectionParts): UntypedCollection {
  const { runtime, reader, transactions, contexts, requireOpen } = parts;
  const { definition, statements } = runtime;

  return Object.freeze({
    name: definition.name,
    async save(input: unknown, options: WriteOptions = {}) {
      requireOpen();
      checkOptions("save", options, writeOptions);
      return saveRecord(parts, input, options);
    },
    async get(key: unknown) {
      requireOpen();
      return transactions.connection.get(statements.selectOne, keyValues(definition, key));
    },
    async query(query: object = {}) {
      requireOpen();
      return reader.query(query);
    },
    async delete(key: unknown, options: WriteOptions = {}) {
      requireOpen();
      checkOptions("delete", options, writeOptions);
      return deleteRecord(parts, key, options);
    },
    async saveMany(records: readonly unknown[], options: SaveManyOptions = {}) {
      requireOpen();
      checkOptions("saveMany", options, {
        mode: ["all-or-nothing", "item-by-item"],
        actor: "any",
        signal: "any",
      });
      const { actor = contexts.actor, ...rest } = options;
      return saveRecords({ ...parts, actor }, records, rest);
    },
    async saveAll(records: BatchInput<unknown>, options: SaveAllOptions<unknown> = {}) {
      requireOpen();
      const { actor = contexts.actor, ...rest } = options;
      return saveStream({ ...parts, actor }, records, rest);
    },
    async count(query: object = {}) {
      requireOpen();
      return reader.count(query);
    },
  } satisfies UntypedCollection);
}
