import { randomUUID } from "node:crypto";
import { checkOptions } from "@atlas/errors";
import { createBatchCoordinator } from "@atlas/batch";
import { type BatchJobStore, createBatchJobStore } from "@atlas/batch/checkpoints";
import {
  createIndexCoordinator,
  type IndexCoordinator,
  type IndexDeclaration,
} from "@atlas/indexing";
import type { Connection, Database } from "@atlas/storage";
import {
  createTransactionManager,
  type Transaction,
  type TransactionManager,
  type TransactionOptions,
} from "@atlas/transaction";
import { ChangeContexts } from "./change-context.ts";
import type { ChangeLog, ChangeSetOptions } from "./change-log.ts";
import { changeIndex, changeTable } from "./change-table.ts";
import type { AnyCollection, CollectionDefinition } from "./collection-definition.ts";
import { type CollectionRuntime, createCollectionRuntime } from "./collection-runtime.ts";
import { ensureSchema } from "./collection-schema.ts";
import { createChangeLog } from "./create-change-log.ts";
import { createCollection, type UntypedCollection } from "./create-collection.ts";
import type { Collection, UnifiedStorageEngine, VerifyOptions } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { EngineRebuildReport, EngineReport } from "./engine-report.ts";
import { engineError } from "./errors.ts";
import type { EngineEvent } from "./events.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";
import { verifyStore } from "./verify-store.ts";

/**
 * Opens an engine over a database: creates and migrates the tables of its
 * collections, brings the indexes in line, and is ready. Several processes may
 * open the same file at once.
 *
 * @throws {AtlasError} storage.schema_newer when a newer program has written the file.
 * @throws {AtlasError} configuration.collection_invalid when two collections share a name or a
 * table, or a stored table is not as declared.
 */
export async function openEngine(options: EngineOptions): Promise<UnifiedStorageEngine> {
  checkOptions("openEngine", options, {
    database: "any",
    transactions: "any",
    collections: "any",
    onEvent: "any",
    clock: "any",
    createId: "any",
    checkStorage: "any",
    jobs: "any",
  });
  const { database, clock = Date.now, createId = () => randomUUID(), checkStorage } = options;
  const collections = [...options.collections];
  checkCollections(collections);
  const emit = observer(options.onEvent);
  const startedAt = clock();
  const transactions = options.transactions ?? (await createTransactionManager(database));
  const owned = options.transactions === undefined ? transactions : undefined;
  try {
    const runtimes = collections.map(createCollectionRuntime);
    const migrated = await ensureSchema({ database, transactions, clock }, runtimes);
    const indexes = createIndexCoordinator({
      transactions,
      dialect: database.dialect,
      tables: [changeTable, ...collections.map(({ table }) => table)],
      declarations: [changeIndex, ...collections.flatMap(declarationsOf)],
      onEvent: emit,
      clock,
    });
    await indexes.ensure();
    const durationMs = clock() - startedAt;
    emit({ type: "engine.opened", collections: collections.length, migrated, durationMs });
    const contexts = new ChangeContexts(transactions, createId);
    const jobs = createBatchJobStore(transactions, {
      ...options.jobs,
      dialect: database.dialect,
      clock,
    });
    const own = { clock, emit, owned, checkStorage };
    const parts = { database, transactions, indexes, contexts, jobs, ...own };
    return new Engine(parts, runtimes);
  } catch (error) {
    await owned?.close();
    throw error;
  }
}

interface EngineParts {
  readonly database: Database;
  readonly transactions: TransactionManager;
  readonly indexes: IndexCoordinator;
  readonly contexts: ChangeContexts;
  readonly jobs: BatchJobStore;
  readonly clock: () => number;
  readonly emit: (event: EngineEvent) => void;
  /** The transaction manager that the engine itself has to close. */
  readonly owned: TransactionManager | undefined;
  readonly checkStorage: EngineOptions["checkStorage"];
}

class Engine implements UnifiedStorageEngine {
  readonly connection: Connection;
  readonly indexes: IndexCoordinator;
  readonly changes: ChangeLog;
  readonly jobs: BatchJobStore;
  readonly #parts: EngineParts;
  readonly #runtimes: readonly CollectionRuntime[];
  readonly #collections = new Map<string, UntypedCollection>();
  #closed: Promise<void> | undefined;

  constructor(parts: EngineParts, runtimes: readonly CollectionRuntime[]) {
    const { transactions, indexes, contexts, jobs, clock, database } = parts;
    this.#parts = parts;
    this.#runtimes = runtimes;
    const { connection } = transactions;
    this.connection = connection;
    this.indexes = indexes;
    this.changes = createChangeLog({ connection, contexts, clock });
    // With a clock of its own: what the adaptive strategy measures is shorter than a millisecond.
    const batches = createBatchCoordinator();
    this.jobs = jobs;
    const read = <T>(body: () => Promise<T>): Promise<T> => transactions.read(body);
    const { dialect } = database;
    const { changes } = this;
    const requireOpen = (): void => this.#requireOpen();
    for (const runtime of runtimes) {
      const reader = new RecordReader(runtime, { connection, dialect, indexes, read });
      const writer = new RecordWriter(runtime, { connection, indexes, changes });
      const own = { runtime, reader, writer, transactions, batches, contexts, jobs, requireOpen };
      this.#collections.set(runtime.definition.name, createCollection(own));
    }
  }

  collection<Stored extends object, Input, Key>(
    definition: CollectionDefinition<Stored, Input, Key>,
  ): Collection<Stored, Input, Key> {
    const known = this.#runtimes.some((runtime) => runtime.definition === definition);
    const collection = this.#collections.get(definition.name);
    if (known && collection !== undefined) {
      // The definition says what its records are; the collection was made from it.
      return collection as object as Collection<Stored, Input, Key>;
    }
    throw engineError(
      "operation.collection_unknown",
      `The engine was opened without the collection "${definition.name}". Add it to the ` +
        "collections it is opened with.",
      { details: { collection: definition.name } },
    );
  }

  async atomic<T>(
    body: (transaction: Transaction) => T | Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    this.#requireOpen();
    return this.#parts.transactions.atomic(body, options);
  }

  async changeSet<T>(options: ChangeSetOptions, body: () => T | Promise<T>): Promise<T> {
    checkOptions("changeSet", options, { actor: "any", reason: "any" });
    return this.#parts.contexts.run(options, body);
  }

  async verify(options: VerifyOptions = {}): Promise<EngineReport> {
    this.#requireOpen();
    checkOptions("verify", options, { findingsMax: { min: 1, max: 10_000 }, signal: "any" });
    const { clock, emit, database, checkStorage } = this.#parts;
    const { connection, indexes } = this;
    const quote = (name: string): string => database.dialect.quoteIdentifier(name);
    const startedAt = clock();
    const report = await verifyStore(
      { connection, indexes, quote, checkStorage, collections: this.#runtimes },
      options,
    );
    emit({
      type: "engine.verified",
      findings: report.findings.length,
      records: report.records,
      durationMs: clock() - startedAt,
    });
    return report;
  }

  async rebuild(names?: readonly string[]): Promise<EngineRebuildReport> {
    this.#requireOpen();
    return this.indexes.rebuild(names);
  }

  close(): Promise<void> {
    this.#closed ??= Promise.resolve(this.#parts.owned?.close());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw engineError(
      "operation.engine_closed",
      "The engine was closed. Open it again over an open database.",
    );
  }
}

function declarationsOf(definition: AnyCollection): readonly IndexDeclaration[] {
  const { name, table, key, indexes, search, maintained } = definition;
  const [first] = key;
  return [
    ...indexes.map((index): IndexDeclaration => ({ ...index, table: table.name })),
    ...maintained.map((column): IndexDeclaration => ({
      ...column,
      kind: "maintained",
      table: table.name,
      key: first!,
    })),
    ...(search === undefined
      ? []
      : [{ kind: "search", name: `${name}_search`, table: table.name, columns: search } as const]),
  ];
}

function checkCollections(collections: readonly AnyCollection[]): void {
  const names = new Set<string>();
  for (const { name, table } of collections) {
    for (const taken of [`collection ${name}`, `table ${table.name.toLowerCase()}`]) {
      if (!names.has(taken)) continue;
      throw engineError(
        "configuration.collection_invalid",
        `Two collections have the ${taken}. Give each a name and a table of its own.`,
        { details: { collection: name, table: table.name } },
      );
    }
    names.add(`collection ${name}`).add(`table ${table.name.toLowerCase()}`);
  }
}

function observer(onEvent: EngineOptions["onEvent"]): (event: EngineEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // Watching must not change the outcome.
    }
  };
}
