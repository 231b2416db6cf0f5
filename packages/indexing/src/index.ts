// The coordinator.
export { createIndexCoordinator } from "./create-index-coordinator.ts";
export type { IndexCoordinator, SearchCondition } from "./index-coordinator.ts";
export { indexCoordinatorDefaults, type IndexCoordinatorOptions } from "./index-options.ts";

// What it is told.
export type {
  AffectingChange,
  ChangeKind,
  IndexDeclaration,
  IndexKind,
  MaintainedColumnDeclaration,
  OrdinaryIndexDeclaration,
  SearchIndexDeclaration,
  ThroughTable,
} from "./index-declaration.ts";
export type { RowChange, RowKey, RowValues } from "./row-change.ts";

// What it answers.
export type { MaintainedChange } from "./row-change.ts";
export type {
  EnsureReport,
  IndexFinding,
  IndexProblem,
  IndexReport,
  RebuildReport,
} from "./index-report.ts";

// What can be observed and what can go wrong.
export type {
  IndexEnsuredEvent,
  IndexEvent,
  IndexMaintainedEvent,
  IndexRebuiltEvent,
  IndexVerifiedEvent,
} from "./events.ts";
export { indexError, indexErrorCodes, type IndexErrorCode } from "./errors.ts";
