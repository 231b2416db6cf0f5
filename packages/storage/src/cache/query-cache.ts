import type { Query, ValuesArgument } from "../query.ts";
import type { QueryLog } from "../query-log/query-log.ts";
import type { CacheWarmReport } from "./cache-manager.ts";

/**
 * Reads through a cache that follows the commits of its database.
 *
 * 1. An answer is never older than the last commit before the question, of
 *    this process or another one, and never holds what was rolled back.
 * 2. An answer cannot be changed: it is frozen, or a copy where it holds bytes
 *    or dates.
 * 3. It reads what is committed, as `get` and `all` of the database do. Inside
 *    a transaction use its connection, which sees its own changes.
 *
 * A query is known again by its object or, when its rows come as they are, by
 * its text; build queries once. Do not ask through the cache what changes
 * without a commit, such as the time or a random number.
 */
export interface QueryCache extends Disposable {
  /** The first row, or undefined. */
  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Readonly<Row> | undefined>;
  /** All rows, in the order of the query. */
  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<readonly Readonly<Row>[]>;
  /**
   * Runs the queries without values that have cost most, so that their answers
   * are there when they are asked for. What fails is counted and not thrown.
   */
  warmFrom(log: Pick<QueryLog, "entries">, options?: WarmFromOptions): Promise<CacheWarmReport>;
  /** Drops every answer. */
  clear(): void;
  /** Drops every answer and lets go of the database. Closing twice is harmless. */
  close(): void;
}

/** Which queries are run ahead. */
export interface WarmFromOptions {
  /** Most queries, 1 to 1,000. Default: 20. */
  readonly queriesMax?: number;
  /** Queries at a time, 1 to 100. Default: 2. */
  readonly concurrency?: number;
  /** Built queries to be recognised by their text; others are run for their raw rows. */
  readonly queries?: readonly Query<unknown>[];
}
