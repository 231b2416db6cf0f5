/** One connection that runs statements: the synchronous core under readers and writer. */
import type { ExecuteResult, SyncConnection } from "../connection.ts";
import type { StatementStatistics } from "../database-statistics.ts";
import { storageError } from "../errors.ts";
import type { TableSet } from "../change-feed.ts";
import type { QueryLog } from "../query-log/query-log.ts";
import type { Query, RunResult, ValuesArgument } from "../query.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";
import { bytesOf } from "./bytes-of.ts";
import { bindValue, bindValues, runBound, type BindableQuery } from "./bind-values.ts";
import { ChangedTables } from "./changed-tables.ts";
import type { Handle, HandleStatement } from "./driver.ts";
import { mayBeRounded, toNumbers } from "./exact-integers.ts";
import { schemaVersion } from "./file-state.ts";
import { runMany } from "./run-many.ts";
import { StepLog, type ChangeResult } from "./step-log.ts";
import { StatementCache, type CachedStatement } from "./statement-cache.ts";
import { TransactionVerbs } from "./transaction-verbs.ts";
import { isBusy, isIndexDamage, translateError } from "./translate-error.ts";

/** What is told of the statements that ran. Measuring them costs a fiftieth of a point read. */
export interface StatementWatch {
  readonly clock: () => number;
  readonly slowQueryMs: number;
  readonly reportSlow: ((sql: string, durationMs: number) => void) | undefined;
  /** Adds up the bytes of what is read and bound as well. */
  readonly countBytes: boolean;
}

/** Counts of one connection. Times and bytes stay zero where they are not watched. */
export interface SessionCounts {
  queries: number;
  errors: number;
  /** Time of statements, and of beginning and ending transactions. */
  busyMs: number;
  /** Time of statements alone. */
  queryMs: number;
  maxMs: number;
  bytes: number;
}

/** What a session is made with. */
export interface SessionOptions {
  readonly location: string;
  readonly statementCacheMax: number;
  readonly watch: StatementWatch | undefined;
  readonly queryLog: QueryLog | undefined;
  readonly scanRowsMin: number;
}

/** What reading needs of a query, whatever its values are. */
export type Readable<Row> = Pick<Query<Row>, "sql" | "params" | "decode">;

/** Around the rows of `runMany`. Those inside each other may have the same name. */
const manySavepoint = "run_many";
/** Errors after which a handle is not used again: what it has in memory may be wrong. */
const breaking: ReadonlySet<string> = new Set([
  "storage.io_failed",
  "storage.corrupt",
  "storage.not_a_database",
  "storage.cannot_open",
]);

/** Runs statements on one handle, each to its end: no statement stays open. */
export class SqliteSession implements SyncConnection {
  readonly #options: SessionOptions;
  readonly #watch: StatementWatch | undefined;
  #handle: Handle;
  #verbs: TransactionVerbs;
  #statements: StatementCache;
  // Asked of the driver once: each question costs a tenth of a small statement.
  #readonly: boolean;
  readonly #changed = new ChangedTables();
  /** The steps of the transaction that is open, of a connection that writes. */
  readonly steps: StepLog = new StepLog({
    verbs: () => this.#verbs,
    refreshSchema: () =>
      this.#statements.followSchema(schemaVersion(this.#handle, this.#options.location)),
  });
  #broken = false;
  readonly #counts: SessionCounts = {
    queries: 0,
    errors: 0,
    busyMs: 0,
    queryMs: 0,
    maxMs: 0,
    bytes: 0,
  };

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

  /** Begins or ends a transaction; that is work like any statement. */
  runVerb(run: (verbs: TransactionVerbs) => void): void {
    const startedAt = this.#watch?.clock() ?? 0;
    try {
      run(this.#verbs);
    } finally {
      if (this.#watch !== undefined) this.#counts.busyMs += this.#watch.clock() - startedAt;
    }
  }

  /** The handle, for what only the driver itself can do. */
  get handle(): Handle {
    return this.#handle;
  }

  /** True when a new handle may succeed where this one has failed. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Reads something small; false when that fails other than by a lock. */
  answers(): boolean {
    try {
      this.#handle.prepare("select 1 from sqlite_schema limit 1").all();
      return true;
    } catch (cause) {
      return isBusy(cause);
    }
  }

  /** Counts since the session was made, whatever its handle was. */
  get counts(): Readonly<SessionCounts> {
    const { hits, misses } = this.#statements.statistics();
    this.#counts.queries = hits + misses;
    return this.#counts;
  }

  /** The tables changed since the last call; undefined when there are none. */
  takeChanges(): TableSet | undefined {
    return this.#changed.take();
  }

  /** What statements change is found out again: the schema may have changed. */
  schemaChanged(): void {
    this.#statements.schemaChanged();
  }

  /** Goes on with another handle, so that whoever holds the session need not be told. */
  replaceHandle(handle: Handle): void {
    this.close();
    this.#changed.clear();
    this.steps.clear();
    this.#broken = false;
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

  /** The statement of a query; undefined when it should not run on this thread. */
  light(sql: string): CachedStatement | undefined {
    const entry = this.#statements.find(sql);
    return this.#statements.isHeavy(entry) ? undefined : entry;
  }

  /** `get` with its values as one argument: the shortest way there is for a point read. */
  first<Row>(
    query: Readable<Row>,
    values: object | undefined,
    light?: CachedStatement,
  ): Row | undefined {
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    const entry = light ?? this.#statements.find(query.sql);
    if (!entry.selects) return this.list(query, values, entry)[0];
    const found = this.#firstRow(entry, query, values);
    let row: RawRow | Row | undefined = found;
    if (found !== undefined) {
      if (mayBeRounded(found)) row = this.#exactRows(entry, bindValues(query, values))[0];
      // Without `decode` the type of the query promises that its rows are as they come.
      if (query.decode !== undefined && row !== undefined) row = query.decode(row as RawRow);
    }
    if (this.#watch !== undefined) {
      this.#observe(entry, startedAt, found === undefined ? [] : [found]);
    }
    return row as Row | undefined;
  }

  /** `all` with its values as one argument. */
  list<Row>(query: Readable<Row>, values: object | undefined, light?: CachedStatement): Row[] {
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    const entry = light ?? this.#statements.find(query.sql);
    const rows = this.#rows(entry, bindValues(query, values));
    const decoded = this.#decode(query, rows);
    if (entry.returnsRows) this.#observe(entry, startedAt, rows);
    return decoded;
  }

  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): RunResult {
    const entry = this.#statements.find(query.sql);
    return { changes: this.#change(entry, bindValues(query, values[0])) };
  }

  runMany<Values extends object>(query: Query<unknown, Values>, rows: Iterable<Values>): RunResult {
    this.steps.disturb();
    const changes = runMany(query, rows, {
      change: (sql, bound) => this.#change(this.#statements.find(sql), bound),
      begin: () => this.#verbs.savepoint(manySavepoint),
      end: () => this.#verbs.release(manySavepoint),
      // After a full disk SQLite has taken everything back already.
      undo: () => {
        if (this.#verbs.inTransaction) this.#verbs.rollbackTo(manySavepoint);
      },
    });
    return { changes };
  }

  execute(sql: string, params: readonly SqlValue[] = []): ExecuteResult {
    const entry = this.#statements.find(sql);
    const bound = bindValues({ sql, params }, undefined);
    if (!entry.returnsRows) return { rows: [], changes: this.#change(entry, bound) };
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    const rows = this.#rows(entry, bound);
    this.#observe(entry, startedAt, rows);
    return { rows, changes: entry.readonly ? 0 : this.#changesOfLast() };
  }

  statistics(): StatementStatistics {
    return this.#statements.statistics();
  }

  #rows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    if (!entry.selects) return this.#runWithRows(entry, bound);
    const rows = this.#all(entry, entry.statement, bound);
    return rows.some(mayBeRounded) ? this.#exactRows(entry, bound) : rows;
  }

  // A statement that changes data cannot be run a second time to see its
  // integers exactly, so it is run exactly at once.
  #runWithRows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    if (!entry.returnsRows) {
      this.#change(entry, bound);
      return [];
    }
    this.#requireTransaction(entry);
    this.steps.disturb(entry);
    return this.#exactRows(entry, bound);
  }

  #exactRows(entry: CachedStatement, bound: SqlValue[]): RawRow[] {
    return this.#all(entry, this.#statements.exact(entry), bound).map(toNumbers);
  }

  #change(entry: CachedStatement, bound: SqlValue[]): number {
    if (!entry.readonly) this.#requireTransaction(entry);
    const startedAt = this.#watch === undefined ? 0 : this.#watch.clock();
    let result: ChangeResult;
    try {
      result = runBound(entry.statement, bound);
    } catch (cause) {
      // It may have changed some rows before it failed: INSERT OR FAIL keeps them.
      this.steps.disturb(entry);
      throw this.#failed(cause, entry);
    }
    if (this.#watch !== undefined) this.#observe(entry, startedAt, result.changes);
    if (!entry.readonly) this.steps.ran(entry, bound, result);
    return entry.readonly ? 0 : result.changes;
  }

  /** After a full disk SQLite has rolled back, and what follows would commit one by one. */
  #requireTransaction(entry: CachedStatement): void {
    if (this.#readonly) {
      throw storageError("storage.readonly", "A reader cannot change data. Use write.", {
        txState: this.#verbs.inTransaction ? "active" : "none",
      });
    }
    if (this.#verbs.inTransaction) {
      this.#statements.refresh(entry);
      this.#changed.add(entry);
      if (entry.writesSearch) this.#verbs.searchWritten(entry.writes);
      return;
    }
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
      throw this.#failed(cause, entry);
    }
  }

  #failed(cause: unknown, { readonly, writes }: CachedStatement): Error {
    this.#counts.errors += 1;
    this.#verbs.afterError();
    const error = translateError(cause, { during: "run", tables: writes });
    if (breaking.has(error.code)) this.#broken = true;
    if (!readonly && isIndexDamage(error)) this.#verbs.spoil(error);
    return error;
  }

  #all(entry: CachedStatement, statement: HandleStatement, bound: SqlValue[]): RawRow[] {
    try {
      return statement.all(bound);
    } catch (cause) {
      throw this.#failed(cause, entry);
    }
  }

  /**
   * Counts one run of a statement, with binding and decoding; `rows` are those it returned, or
   * how many it changed.
   */
  #observe(entry: CachedStatement, startedAt: number, rows: readonly RawRow[] | number): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    const durationMs = watch.clock() - startedAt;
    this.#counts.busyMs += durationMs;
    this.#counts.queryMs += durationMs;
    if (durationMs > this.#counts.maxMs) this.#counts.maxMs = durationMs;
    const returned = typeof rows === "number" ? [] : rows;
    if (watch.countBytes) for (const row of returned) this.#counts.bytes += bytesOf(row);
    entry.log?.record(durationMs, typeof rows === "number" ? rows : rows.length);
    if (durationMs >= watch.slowQueryMs) watch.reportSlow?.(entry.statement.source, durationMs);
  }
}
