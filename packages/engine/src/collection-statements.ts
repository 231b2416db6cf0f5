import {
  deleteFrom,
  from,
  insertInto,
  param,
  type Query,
  type Table,
  updateTable,
} from "@atlas/storage";
import type { AnyCollection } from "./collection-definition.ts";

/** A row by column, decoded. */
export type Row = Readonly<Record<string, unknown>>;

/** Texts of updates kept per collection: one per set of columns that were changed together. */
const updatesMax = 64;

/**
 * The statements of one collection. Their texts are made once, so that each
 * connection prepares each of them once.
 */
export class CollectionStatements {
  readonly selectOne: Query<Row, Row>;
  /** Rows by a list of values of the first key column. */
  readonly selectMany: Query<Row, { readonly keys: readonly unknown[] }>;
  /** Reads no row, but names every column: it fails where one is missing. */
  readonly probe: Query<Row>;
  readonly insert: Query<never, Row>;
  readonly delete: Query<never, Row>;
  /** Columns a save writes: all but the maintained ones. */
  readonly written: readonly string[];
  readonly #table: Table;
  readonly #whereKey: readonly [];
  readonly #updates = new Map<string, Query<never, Row>>();

  constructor({ table, key, maintained }: AnyCollection) {
    const kept = new Set(maintained.map(({ column }) => column));
    const columns = Object.keys(table.columns);
    const all = from(table as Table).select(...columns);
    const [first] = key;
    this.written = columns.filter((column) => !kept.has(column));
    this.#table = table as Table;
    this.#whereKey = key.map((column) => ({
      column,
      operator: "eq",
      value: param(column),
    })) as never;
    // The builder cannot follow names that are only known when the program
    // runs; it looks every name up again. What comes out are whole rows.
    this.selectOne = all.where(this.#whereKey).build() as Query<object> as Query<Row, Row>;
    this.selectMany = all
      .where(first!, "in", param("keys") as never)
      .build() as Query<object> as Query<Row, { readonly keys: readonly unknown[] }>;
    this.probe = all.where(first!, "isNull").build() as Query<object> as Query<Row>;
    this.insert = insertInto(this.#table)
      .columns(...this.written)
      .build() as Query<never, never> as Query<never, Row> as Query<never, Row>;
    this.delete = deleteFrom(this.#table).where(this.#whereKey).build() as Query<
      never,
      never
    > as Query<never, Row>;
  }

  /** Writes only these columns: indexes and triggers on the others have nothing to do. */
  update(columns: readonly string[]): Query<never, Row> {
    const name = columns.join();
    const known = this.#updates.get(name);
    if (known !== undefined) return known;
    const set = Object.fromEntries(columns.map((column) => [column, param(column)]));
    const query = updateTable(this.#table)
      .set(set as never)
      .where(this.#whereKey)
      .build() as Query<never, never> as Query<never, Row>;
    if (this.#updates.size >= updatesMax) this.#updates.clear();
    this.#updates.set(name, query);
    return query;
  }
}
