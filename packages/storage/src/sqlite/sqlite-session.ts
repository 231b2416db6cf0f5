/** One connection that runs statements: the synchronous core under readers and writer. */
import type { ExecuteResult, SyncConnection } from "../connection.ts";
import type { StatementStatistics } from "../database-statistics.ts";
import { storageError } from "../errors.ts";
import type { Query, RunResult, ValuesArgument } from "../query.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";
import { bindValue, bindValues, type BindableQuery } from "./bind-values.ts";
import type { Handle } from "./driver.ts";
import { mayBeRounded, toNumbers } from "./exact-integers.ts";
import { StatementCache, type CachedStatement } from "./statement-cache.ts";
import { TransactionVerbs } from "./transaction-verbs.ts";
import { translateError } from "./translate-error.ts";

/** Watches statements that run longer than a threshold. */
export interface StatementWatch {
  readonly clock: () => number;
  readonly slowQueryMs: number;
  readonly report: (sql: string, durationMs: number) => void;
}

/** What a session is made with. */
export interface SessionOptions {
  readonly location: string;
  readonly statementCacheMax: number;
  readonly watch: StatementWatch | undefined;
}

/** What reading needs of a query, whatever its values are. */
export type Readable<Row> = Pick<Query<Row>, "sql" | "params" | "decode">;

/** Runs statements on one handle, each to its end: no statement stays open. */
export class SqliteSession implements SyncConnection {
  readonly #options: SessionOptions;
  readonly #watch: StatementWatch | undefined;
  #handle: Handle;
  #verbs: TransactionVerbs;
  #statements: StatementCache;
  // Asked of the driver once: each question costs a tenth of a small statement.
  #readonly: boolean;

  constructor(handle: Handle, options: SessionOptions) {
    this.#options = options;
    this.#watch = options.watch;
    this.#handle = handle;
    this.#verbs = new TransactionVerbs(handle, options.location);
    this.#statements = new StatementCache(handle, options);
    this.#readonly = handle.readonly;
  }

  get verbs(): TransactionVerbs {
    return this.#verbs;
  }

  /** The handle, for what only the driver itself can do. */
  get handle(): Handle {
    return this.#handle;
  }

  /** Goes on with another handle, so that whoever holds the session need not be told. */
  replaceHandle(handle: Handle): void {
    this.close();
    this.#handle = handle;
    this.#verbs = new TransactionVerbs(handle, this.#options.location);
    this.#statements = this.#statements.continueOn(handle);
    this.#readonly = handle.readonly;
  }

  /** Closes the handle; statements are refused from then on. */
  close(): void {
    this.#statements.close();
    this.#handle.close();
  }

  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Row | undefined {
    return this.first(query, values[0]);
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Row[] {
    return this.list(query, values[0]);
  }

  /** `get` with its values as one argument: the shortest way there is for a point read. */
  first<Row>(query: Readable<Row>, values: object | undefined): Row | undefined {
    const entry = this.#statements.find(query.sql);
    if (!entry.selects) {
      return this.#decode(query, this.#runWithRows(entry, bindValues(query, values)))[0];
    }
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    const row = this.#firstRow(entry, query, values);
    if (this.#watch !== undefined) reportSlow(this.#watch, entry, startedAt);
    if (row === undefined) return undefined;
    const exact = mayBeRounded(row) ? this.#exactRows(entry, bindValues(query, values))[0] : row;
    // Without `decode` the type of the query promises that its rows are as they come.
    if (query.decode === undefined || exact === undefined) return exact as Row | undefined;
    return query.decode(exact);
  }

  /** `all` with its values as one argument. */
  list<Row>(query: Readable<Row>, values: object | undefined): Row[] {
    const entry = this.#statements.find(query.sql);
    return this.#decode(query, this.#rows(entry, bindValues(query, values)));
  }

  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): RunResult {
    const entry = this.#statements.find(query.sql);
    return { changes: this.#change(entry, bindValues(query, values[0])) };
  }

  runMany<Values extends object>(query: Query<unknown, Values>, rows: Iterable<Values>): RunResult {
    const entry = this.#statements.find(query.sql);
    let changes = 0;
    for (const row of rows) changes += this.#change(entry, bindValues(query, row));
    return { changes };
  }

  execute(sql: string, params: readonly SqlValue[] = []): ExecuteResult {
    const entry = this.#statements.find(sql);
    const bound = bindValues({ sql, params }, undefined);
    if (!entry.returnsRows) return { rows: [], changes: this.#change(entry, bound) };
    const rows = this.#rows(entry, bound);
    return { rows, changes: entry.readonly ? 0 : this.#changesOfLast() };
  }

  statistics(): StatementStatistics {
    return this.#statements.statistics();
  }

  #rows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    if (!entry.selects) return this.#runWithRows(entry, bound);
    const rows = this.#timed(entry, () => entry.statement.all(bound));
    return rows.some(mayBeRounded) ? this.#exactRows(entry, bound) : rows;
  }

  // A statement that changes data cannot be run a second time to see its
  // integers exactly, so it is run exactly at once.
  #runWithRows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    if (!entry.returnsRows) {
      this.#change(entry, bound);
      return [];
    }
    this.#requireTransaction();
    return this.#exactRows(entry, bound);
  }

  #exactRows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    const statement = this.#statements.exact(entry);
    return this.#timed(entry, () => statement.all(bound)).map(toNumbers);
  }

  #change(entry: CachedStatement, bound: SqlValue[]): number {
    if (entry.readonly) {
      this.#timed(entry, () => entry.statement.run(bound));
      return 0;
    }
    this.#requireTransaction();
    return this.#timed(entry, () => entry.statement.run(bound)).changes;
  }

  /** After a full disk SQLite has rolled back, and what follows would commit one by one. */
  #requireTransaction(): void {
    if (this.#readonly) {
      throw storageError("storage.readonly", "A reader cannot change data. Use write.", {
        txState: this.#verbs.inTransaction ? "active" : "none",
      });
    }
    if (this.#verbs.inTransaction) return;
    throw storageError(
      "storage.no_transaction",
      "A statement that changes data was run without a transaction. " +
        "Begin one; if one was open, the database has rolled it back.",
      { txState: "none" },
    );
  }

  #changesOfLast(): number {
    const { statement } = this.#statements.find("select changes() as changes");
    return Number(statement.get()?.["changes"]);
  }

  #decode<Row>(query: Readable<Row>, rows: RawRow[]): Row[] {
    // Without `decode` the type of the query promises that its rows are as they come.
    return query.decode === undefined ? (rows as Row[]) : rows.map(query.decode);
  }

  #firstRow(
    entry: CachedStatement,
    query: BindableQuery,
    values: object | undefined,
  ): RawRow | undefined {
    const { params } = query;
    // One plain value, as a key is, needs no list: that is a fiftieth of the whole read.
    const only = params.length === 1 ? bindValue(params[0]!, values) : undefined;
    const bound = only === undefined || typeof only === "object" ? bindValues(query, values) : only;
    try {
      return entry.statement.get(bound);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  #failed(cause: unknown): Error {
    this.#verbs.afterError();
    return translateError(cause, { during: "run" });
  }

  #timed<T>(entry: CachedStatement, run: () => T): T {
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    try {
      return run();
    } catch (cause) {
      throw this.#failed(cause);
    } finally {
      if (this.#watch !== undefined) reportSlow(this.#watch, entry, startedAt);
    }
  }
}

function reportSlow(watch: StatementWatch, entry: CachedStatement, startedAt: number): void {
  const durationMs = watch.clock() - startedAt;
  if (durationMs >= watch.slowQueryMs) watch.report(entry.statement.source, durationMs);
}
