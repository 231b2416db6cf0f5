/**
 * Writes records of one collection inside a transaction.
 *
 * Invariant: a row, its entry in the change log and the maintained columns it
 * touches are written in one (possibly nested) transaction. `write` and
 * `remove` leave the rows to `settle`, which must follow in the same one.
 */
import type { IndexCoordinator, RowChange } from "@atlas/indexing";
import type { Connection } from "@atlas/storage";
import { changedFields, imageOf } from "./change-image.ts";
import type { ChangeLog, RecordedWrite } from "./change-log.ts";
import type { CollectionRuntime } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import type { WriteOptions } from "./engine.ts";
import { engineError } from "./errors.ts";
import { keyText, keyValuesOf } from "./record-key.ts";

/** What writers of all collections share. */
export interface WriterParts {
  readonly connection: Connection;
  readonly indexes: IndexCoordinator;
  readonly changes: ChangeLog;
}

/** What became of one record. */
export interface WrittenRecord {
  readonly status: "created" | "updated" | "unchanged" | "deleted";
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

/** Writes rows, and settles what follows from them. */
export class RecordWriter {
  readonly #runtime: CollectionRuntime;
  readonly #parts: WriterParts;

  constructor(runtime: CollectionRuntime, parts: WriterParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  /** The stored record with the key of `record`. */
  find(record: Row): Promise<Row | undefined> {
    const { definition, statements } = this.#runtime;
    return this.#parts.connection.get(statements.selectOne, keyValuesOf(definition, record));
  }

  /** Creates or updates a row; one that is stored already as it is, is left alone. */
  async write(record: Row, before: Row | undefined, options: WriteOptions): Promise<WrittenRecord> {
    this.#checkVersion(before, options);
    return before === undefined ? this.#insert(record) : this.#update(record, before);
  }

  /**
   * Writes rows one after the other, those that follow each other as new ones
   * with one statement. `stored` holds what is there by key, and is kept right.
   */
  async writeMany(
    records: readonly Row[],
    stored: Map<string, Row>,
  ): Promise<readonly WrittenRecord[]> {
    const { definition, statements } = this.#runtime;
    const written: WrittenRecord[] = [];
    let created: Row[] = [];
    const insertCreated = async (): Promise<void> => {
      const rows = created;
      created = [];
      if (rows.length > 0) await this.#parts.connection.runMany(statements.insert, rows);
    };
    for (const record of records) {
      const key = keyText(definition, record);
      const before = stored.get(key);
      if (before === undefined) {
        const after = this.#newRow(record);
        created.push(after);
        written.push({ status: "created", before, after });
        stored.set(key, after);
        continue;
      }
      // An update may take or give back what the unique index of a new row is about.
      await insertCreated();
      const updated = await this.#update(record, before);
      written.push(updated);
      stored.set(key, updated.after ?? before);
    }
    await insertCreated();
    return written;
  }

  /** Deletes a row. */
  async remove(before: Row, options: WriteOptions): Promise<WrittenRecord> {
    const { definition, statements } = this.#runtime;
    this.#checkVersion(before, options);
    await this.#parts.connection.run(statements.delete, keyValuesOf(definition, before));
    return { status: "deleted", before, after: undefined };
  }

  /**
   * Logs what was written and recomputes what depends on it. Answers the records
   * as they are now: their own maintained columns may have changed with it.
   */
  async settle(
    written: readonly WrittenRecord[],
    actor: string | undefined,
  ): Promise<readonly WrittenRecord[]> {
    const { definition } = this.#runtime;
    const { indexes, changes } = this.#parts;
    const changed = written.filter(({ status }) => status !== "unchanged");
    if (changed.length === 0) return written;
    if (definition.tracked) {
      await changes.record(changed.map((record) => this.#entryOf(record, actor)));
    }
    if (!indexes.affects(definition.table.name)) return written;
    const touched = await indexes.batchUpdate(changed.map((record) => this.#changeOf(record)));
    const own = touched.filter(({ table }) => table === definition.table.name);
    if (own.length === 0) return written;
    return this.#readAgain(written, new Set(own.flatMap(({ keys }) => keys)));
  }

  /** Throws when the stored record has not the version that is asked for. */
  checkAbsent(options: WriteOptions): void {
    this.#checkVersion(undefined, options);
  }

  async #insert(record: Row): Promise<WrittenRecord> {
    const after = this.#newRow(record);
    await this.#parts.connection.run(this.#runtime.statements.insert, after);
    return { status: "created", before: undefined, after };
  }

  #newRow(record: Row): Row {
    const { definition, fields } = this.#runtime;
    const { version, maintained, table } = definition;
    const after: Record<string, unknown> = { ...imageOf(record, fields) };
    if (version !== undefined) after[version] = 1;
    // The statement does not write these: the database gives them their defaults.
    for (const { column } of maintained) after[column] = table.columns[column]?.default ?? null;
    return after;
  }

  async #update(record: Row, before: Row): Promise<WrittenRecord> {
    const { definition, statements, fields } = this.#runtime;
    const { version } = definition;
    const changed = changedFields(imageOf(before, fields), imageOf(record, fields));
    if (changed.fields.length === 0) return { status: "unchanged", before, after: before };
    const after: Record<string, unknown> = { ...before, ...changed.after };
    const columns = [...changed.fields];
    if (version !== undefined) {
      after[version] = Number(before[version]) + 1;
      columns.push(version);
    }
    await this.#parts.connection.run(statements.update(columns), after);
    return { status: "updated", before, after };
  }

  #checkVersion(before: Row | undefined, { ifVersion }: WriteOptions): void {
    if (ifVersion === undefined) return;
    const { name, version } = this.#runtime.definition;
    if (version === undefined) {
      throw engineError(
        "operation.query_invalid",
        `Records of "${name}" have no version. Leave ifVersion out, or declare a version column.`,
        { details: { collection: name } },
      );
    }
    const actual = before === undefined ? 0 : Number(before[version]);
    if (actual === ifVersion) return;
    throw conflict(name, ifVersion, actual);
  }

  #entryOf({ before, after }: WrittenRecord, actor: string | undefined): RecordedWrite {
    const { definition, statements } = this.#runtime;
    const { written } = statements;
    return {
      collection: definition.name,
      key: keyText(definition, (after ?? before)!),
      ...(before === undefined ? {} : { before: imageOf(before, written) }),
      ...(after === undefined ? {} : { after: imageOf(after, written) }),
      actor,
    };
  }

  #changeOf({ before, after }: WrittenRecord): RowChange {
    const { table } = this.#runtime.definition;
    return {
      table: table.name,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
  }

  async #readAgain(
    written: readonly WrittenRecord[],
    keys: ReadonlySet<unknown>,
  ): Promise<readonly WrittenRecord[]> {
    const [column] = this.#runtime.definition.key;
    const stale = new Set(
      written.map(({ after }) => after?.[column!]).filter((key) => keys.has(key)),
    );
    if (stale.size === 0) return written;
    const { selectMany } = this.#runtime.statements;
    const rows = await this.#parts.connection.all(selectMany, { keys: [...stale] });
    const fresh = new Map(rows.map((row) => [row[column!], row]));
    return written.map((record) => {
      const row = fresh.get(record.after?.[column!]);
      return row === undefined ? record : { ...record, after: row };
    });
  }
}

function conflict(collection: string, expected: number, actual: number): Error {
  const found = actual === 0 ? "there is none" : `version ${actual} is stored`;
  const wanted = expected === 0 ? "no record was expected" : `version ${expected} was expected`;
  return engineError(
    "operation.version_conflict",
    `Of this record of "${collection}" ${wanted}, but ${found}. Read it again, apply the change ` +
      "to what is stored now, and save that.",
    { details: { collection, expected, actual } },
  );
}
