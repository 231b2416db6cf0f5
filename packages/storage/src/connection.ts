import type { Query, RunResult, ValuesArgument } from "./query.ts";
import type { RawRow, SqlValue } from "./sql-value.ts";

/** Everything that can be asked of the store without changing it. */
export interface Reader {
  /** The first row, or undefined. */
  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined>;
  /** All rows, in the order of the query. */
  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]>;
}

/** A reader that may also write. Only a transaction hands one out. */
export interface Connection extends Reader {
  /** Unique within the process; appears in events and errors. */
  readonly id: string;
  /** Runs a statement that returns no rows. */
  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<RunResult>;
  /**
   * Runs one statement once per element of `rows` and adds up the changes.
   * One call, one promise, however many rows.
   */
  runMany<Values extends object>(
    query: Query<unknown, Values>,
    rows: Iterable<Values>,
  ): Promise<RunResult>;
  /**
   * Runs SQL text as it stands: the escape hatch for what the query builder
   * does not say. Values are bound, never spliced.
   */
  execute(sql: string, params?: readonly SqlValue[]): Promise<ExecuteResult>;
}

/** Rows of a statement that returns some, and the number of rows it changed. */
export interface ExecuteResult extends RunResult {
  readonly rows: readonly RawRow[];
}

/**
 * The same calls without promises. Only embedded drivers offer it; it exists so
 * that a body that never waits can run thousands of statements at the speed of
 * the driver.
 */
export interface SyncConnection {
  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Row | undefined;
  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Row[];
  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): RunResult;
  runMany<Values extends object>(query: Query<unknown, Values>, rows: Iterable<Values>): RunResult;
  execute(sql: string, params?: readonly SqlValue[]): ExecuteResult;
}
