// Reading and writing.
export type { Connection, ExecuteResult, Reader, SyncConnection } from "./connection.ts";
export type { AcquiredReader, ConnectionPool, PoolStatus } from "./connection-pool.ts";
export type {
  ChangedRows,
  ChangeFeed,
  CommittedChange,
  RowLookup,
  TableSet,
} from "./change-feed.ts";
export { rowValueOf } from "./row-value.ts";
export type {
  ConnectionMetrics,
  ConnectionState,
  ConnectionStateManager,
  HealthReport,
  ReaderHooks,
} from "./connection-state-manager.ts";
export type { Database, ReadOptions, WriteOptions } from "./database.ts";
export type { DatabaseStatistics, StatementStatistics } from "./database-statistics.ts";
export type { ScanLimits, ScanOptions } from "./scan.ts";
export type { Answer, SyncLane, Writer, WriterLease } from "./writer.ts";
export type { RawRow, SqlValue } from "./sql-value.ts";

// Declaring tables and indexes.
export { columnsMax, defineTable, identifierLengthMax, type TableOptions } from "./define-table.ts";
export type {
  ColumnDefinition,
  Columns,
  ColumnType,
  ForeignKey,
  InsertOf,
  JsonColumn,
  RowOf,
  Table,
  TableDefinition,
  ValueOf,
} from "./table.ts";
export type {
  Dialect,
  IndexDefinition,
  IndexExpression,
  SearchIndexDefinition,
} from "./dialect.ts";

// Queries.
export type { NoValues, Placeholder, Query, RunResult, ValuesArgument } from "./query.ts";
export { sqlQuery, type SqlQueryOptions } from "./sql-query.ts";
export { from } from "./query-builder/select-query.ts";
export { alias, type JoinKind, type QueryBuilder } from "./query-builder/query-builder.ts";
export { count, max, min, sum, type Aggregate } from "./query-builder/aggregate.ts";
export { escapeLike, type Condition, type Operator } from "./query-builder/condition.ts";
export { insertInto, upsert } from "./query-builder/insert-query.ts";
export type { InsertBuilder, UpsertBuilder } from "./query-builder/insert-query.ts";
export { deleteFrom, updateTable } from "./query-builder/change-query.ts";
export type { ChangeBuilder } from "./query-builder/change-builder.ts";
export { param, type Param } from "./query-builder/param.ts";
export { plus, type ColumnSum, type Plus } from "./query-builder/plus.ts";
export { avg, countDistinct } from "./query-builder/aggregate.ts";
export { column, type ColumnReference } from "./query-builder/column-reference.ts";
export { constant, type Constant } from "./query-builder/constant.ts";
export type { Outer } from "./query-builder/query-builder.ts";
export type { WithTable } from "./query-builder/scope.ts";
export type { Subquery } from "./query-builder/subquery.ts";
export { unsafeExpression, type UnsafeExpression } from "./query-builder/unsafe-expression.ts";
export { withRecursive, withTable } from "./query-builder/with-table.ts";

// Schema.
export { createMissingTables, type OwnTables } from "./create-missing-tables.ts";
export {
  migrate,
  type MigrateOptions,
  type MigrationReport,
  type MigrationTarget,
} from "./migrate.ts";
export type { Migration } from "./migration.ts";

// Errors and events.
export { storageErrorCodes, type StorageErrorCode } from "./errors.ts";
export type { StorageEvent } from "./events.ts";
