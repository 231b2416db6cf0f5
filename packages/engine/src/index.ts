// Declaring collections.
export { collectionNameLengthMax, defineCollection } from "./define-collection.ts";
export type {
  AnyCollection,
  CollectionDefinition,
  CollectionIndex,
  CollectionMaintainedColumn,
  CollectionOptions,
  EngineColumns,
  FieldKey,
  RecordInput,
  RecordKey,
  RuleContext,
  SchemaCollectionOptions,
  StoredRecord,
  VersionedRecord,
} from "./collection-definition.ts";
export type { CollectionMigration } from "./collection-migration.ts";

// The engine and its collections.
export { openEngine } from "./open-engine.ts";
export type { Collection, UnifiedStorageEngine, VerifyOptions, WriteOptions } from "./engine.ts";
export type { EngineOptions } from "./engine-options.ts";
export type {
  FieldConditions,
  Filter,
  OrderTerm,
  Page,
  RecordCountQuery,
  RecordQuery,
} from "./record-query.ts";
export type { SaveAllOptions, SavedRecord } from "./save-all.ts";
export type { SavedItem, SaveManyOptions, SaveManyResult } from "./save-many.ts";

// The change log.
export type {
  Change,
  ChangeImage,
  ChangeLog,
  ChangeSetOptions,
  HistoryQuery,
  RecordedWrite,
} from "./change-log.ts";

// Operations on the whole system.
export {
  createSystemCoordinator,
  type SystemCoordinatorOptions,
} from "./create-system-coordinator.ts";
export type { OperationContext, SystemCoordinator, SystemOperation } from "./system-coordinator.ts";
export type {
  EngineFinding,
  EngineIndexFinding,
  EngineRebuildReport,
  EngineRecordFinding,
  EngineReport,
  EngineStorageFinding,
} from "./engine-report.ts";

// What can be observed and what can go wrong.
export type {
  EngineEvent,
  EngineOpenedEvent,
  EngineVerifiedEvent,
  OperationCompletedEvent,
} from "./events.ts";
export { engineError, engineErrorCodes, type EngineErrorCode } from "./errors.ts";
