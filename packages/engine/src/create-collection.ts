import { checkOptions } from "@atlas/errors";
import type { BatchCoordinator } from "@atlas/batch";
import type { TransactionManager } from "@atlas/transaction";
import { type BatchValidationResult, requireValid } from "@atlas/validation";
import type { ChangeContexts } from "./change-context.ts";
import { checkRules } from "./check-rules.ts";
import { type CollectionRuntime, withoutOwned } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import type { Collection, WriteOptions } from "./engine.ts";
import { keyValues } from "./record-key.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { SaveManyOptions } from "./save-many.ts";
import { saveRecords } from "./save-records.ts";

/** What a collection works with. */
export interface CollectionParts {
  readonly runtime: CollectionRuntime;
  readonly reader: RecordReader;
  readonly writer: RecordWriter;
  readonly transactions: TransactionManager;
  readonly batches: BatchCoordinator;
  readonly contexts: ChangeContexts;
  /** @throws {AtlasError} operation.engine_closed */
  readonly requireOpen: () => void;
}

/** A collection whose types are put on by whoever hands it out. */
export type UntypedCollection = Collection<Row, unknown, unknown>;

const writeOptions = { actor: "any", ifVersion: { min: 0, max: Number.MAX_SAFE_INTEGER } } as const;

/** Makes the collection that callers use. */
export function createCollection(parts: CollectionParts): UntypedCollection {
  const { runtime, reader, writer, transactions, contexts, requireOpen } = parts;
  const { definition, statements } = runtime;

  async function save(input: unknown, options: WriteOptions = {}): Promise<Row> {
    requireOpen();
    checkOptions("save", options, writeOptions);
    // The form needs nothing that is stored, so nobody waits while it is checked.
    const record = requireValid(await runtime.schemas.validate(withoutOwned(runtime, input)));
    const actor = options.actor ?? contexts.actor;
    return transactions.atomic(async (connection) => {
      const before = await writer.find(record);
      const befores = new Map(before === undefined ? [] : [[record, before]]);
      const ruled = await checkRules(runtime, { records: [record], befores, connection, actor });
      if (ruled !== undefined) requireRuled(ruled);
      const written = await writer.write(record, before, options);
      const [settled] = await writer.settle([written], actor);
      // Saving leaves a record behind.
      return settled!.after!;
    });
  }

  async function remove(key: unknown, options: WriteOptions = {}): Promise<boolean> {
    requireOpen();
    checkOptions("delete", options, writeOptions);
    return transactions.atomic(async () => {
      const before = await writer.find(keyValues(definition, key));
      if (before === undefined) {
        writer.checkAbsent(options);
        return false;
      }
      const written = await writer.remove(before, options);
      await writer.settle([written], options.actor ?? contexts.actor);
      return true;
    });
  }

  return Object.freeze({
    name: definition.name,
    save,
    async get(key: unknown) {
      requireOpen();
      return transactions.connection.get(statements.selectOne, keyValues(definition, key));
    },
    async query(query: object = {}) {
      requireOpen();
      return reader.query(query);
    },
    delete: remove,
    async saveMany(records: readonly unknown[], options: SaveManyOptions = {}) {
      requireOpen();
      checkOptions("saveMany", options, {
        mode: ["all-or-nothing", "item-by-item"],
        actor: "any",
        signal: "any",
      });
      return saveRecords(parts, records, { ...options, actor: options.actor ?? contexts.actor });
    },
    async count(query: object = {}) {
      requireOpen();
      return reader.count(query);
    },
  } satisfies UntypedCollection);
}

/** Refuses the one record that was judged; its issues name fields, not places in a list. */
function requireRuled({
  results: [result],
  stateIssues,
  truncated,
}: BatchValidationResult<Row>): void {
  if (result !== undefined) requireValid(result);
  const ok = stateIssues.every(({ severity }) => severity !== "error");
  if (!ok) requireValid({ ok, issues: stateIssues, truncated });
}
