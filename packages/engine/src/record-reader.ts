import type { IndexCoordinator } from "@atlas/indexing";
import {
  type Connection,
  count,
  type Dialect,
  from,
  param,
  type Query,
  type SqlValue,
  type Table,
} from "@atlas/storage";
import type { CollectionRuntime } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import { engineError } from "./errors.ts";
import { afterCondition, keysetName, type KeysetTerm } from "./keyset.ts";
import { type ParsedCondition, type ParsedQuery, parseQuery } from "./parsed-query.ts";
import { type CursorValue, decodeCursor, encodeCursor, fingerprintOf } from "./query-cursor.ts";
import type { Page } from "./record-query.ts";

/** Texts of queries kept per collection. */
const queriesMax = 256;

/** What reading works with. */
export interface ReaderParts {
  readonly connection: Connection;
  readonly dialect: Dialect;
  readonly indexes: IndexCoordinator;
  /** Runs a body on one snapshot. */
  readonly read: <T>(body: () => Promise<T>) => Promise<T>;
}

type Values = Readonly<Record<string, unknown>>;

/** Answers queries over one collection. */
export class RecordReader {
  readonly #runtime: CollectionRuntime;
  readonly #parts: ReaderParts;
  readonly #queries = new Map<string, Query<Row, Values>>();

  constructor(runtime: CollectionRuntime, parts: ReaderParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  async query(given: object): Promise<Page<Row>> {
    const query = parseQuery(this.#runtime, given);
    if (!query.total) return this.#page(query);
    return this.#parts.read(async () => {
      const page = await this.#page(query);
      return { ...page, total: await this.#count(query) };
    });
  }

  async count(given: object): Promise<number> {
    return this.#count(parseQuery(this.#runtime, given));
  }

  async #page(query: ParsedQuery): Promise<Page<Row>> {
    const after = this.#after(query);
    const compiled = this.#compile(query, after);
    const values = this.#valuesOf(query);
    for (const [at, { value }] of (after ?? []).entries()) values[keysetName(at)] = stored(value);
    // One more than asked for tells whether there is a next page.
    values["limit"] = query.limit + 1;
    const rows = await this.#parts.connection.all(compiled, values);
    const items = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? items.at(-1) : undefined;
    if (last === undefined) return { items };
    // Columns that have an order hold such values.
    const place = query.order.map(({ column }) => last[column] as CursorValue);
    return { items, nextCursor: encodeCursor(this.#fingerprint(query), place) };
  }

  async #count(query: ParsedQuery): Promise<number> {
    const compiled = this.#compile({ ...query, order: [] }, undefined);
    const row = await this.#parts.connection.get(compiled, this.#valuesOf(query));
    return Number(row?.["total"]);
  }

  #fingerprint({ conditions, search, order }: ParsedQuery): string {
    return fingerprintOf([this.#runtime.definition.name, conditions, search ?? null, order]);
  }

  /** Where the page begins; undefined for the first one. */
  #after(query: ParsedQuery): readonly KeysetTerm[] | undefined {
    const { cursor, order } = query;
    if (cursor === undefined) return undefined;
    const place = decodeCursor(cursor, this.#fingerprint(query));
    if (place.length !== order.length) {
      throw engineError("operation.cursor_invalid", "The cursor does not fit the order.");
    }
    const { columns } = this.#runtime.definition.table;
    return order.map((term, at) => ({
      ...term,
      sql: this.#parts.dialect.quoteIdentifier(term.column),
      nullable: columns[term.column]?.nullable === true,
      value: place[at] ?? null,
    }));
  }

  #valuesOf({ conditions, search }: ParsedQuery): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [at, { value }] of conditions.entries()) values[`where${at}`] = value;
    if (search !== undefined) values["search"] = this.#searched(search).params[0];
    return values;
  }

  #searched(text: string): ReturnType<IndexCoordinator["search"]> {
    // parseQuery refuses a search in a collection without the index.
    return this.#parts.indexes.search(this.#runtime.searchIndex!, text);
  }

  /** The statement for queries of this shape; without an order it counts. */
  #compile(query: ParsedQuery, after: readonly KeysetTerm[] | undefined): Query<Row, Values> {
    const shape = JSON.stringify([
      query.conditions.map(({ column, operator, value }) => [column, operator, value === null]),
      query.search !== undefined,
      query.order.map(({ column, direction }) => [column, direction]),
      after?.map(({ value }) => value === null),
    ]);
    const known = this.#queries.get(shape);
    if (known !== undefined) return known;
    const compiled = this.#build(query, after);
    if (this.#queries.size >= queriesMax) this.#queries.clear();
    this.#queries.set(shape, compiled);
    return compiled;
  }

  #build(query: ParsedQuery, after: readonly KeysetTerm[] | undefined): Query<Row, Values> {
    const { table } = this.#runtime.definition;
    // Names and values were checked by parseQuery; the builder looks names up
    // again, and cannot follow the ones that are only known now.
    const source = from(table as Table);
    let builder = (
      query.order.length === 0
        ? source.select({ total: count() })
        : source.select(...Object.keys(table.columns))
    ) as typeof source;
    for (const [at, condition] of query.conditions.entries()) {
      builder = this.#where(builder, condition, `where${at}`);
    }
    if (query.search !== undefined) {
      const { sql } = this.#searched(query.search);
      builder = builder.unsafeWhere(sql, [param("search")]) as typeof source;
    }
    if (after !== undefined) {
      const { sql, names } = afterCondition(after);
      builder = builder.unsafeWhere(
        sql,
        names.map((name) => param(name)),
      ) as typeof source;
    }
    for (const { column, direction } of query.order) builder = builder.orderBy(column, direction);
    if (query.order.length > 0) builder = builder.limit(param("limit")) as typeof source;
    return builder.build() as Query<unknown> as Query<Row, Values>;
  }

  #where<Builder extends ReturnType<typeof from<Table>>>(
    builder: Builder,
    { column, operator, value }: ParsedCondition,
    name: string,
  ): Builder {
    if (value === null) {
      return builder.where(column, operator === "eq" ? "isNull" : "isNotNull") as Builder;
    }
    const nullable = this.#runtime.definition.table.columns[column]?.nullable === true;
    if (operator === "neq" && nullable) {
      // A missing value is another one; SQL alone would say that it does not know.
      const other = { column, operator, value: param(name) };
      return builder.whereAny([other, { column, operator: "isNull" }] as never) as Builder;
    }
    return builder.where(column, operator, param(name) as never) as Builder;
  }
}

function stored(value: CursorValue): SqlValue {
  return typeof value === "boolean" ? Number(value) : value;
}
