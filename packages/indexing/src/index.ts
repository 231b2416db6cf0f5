// The coordinator.
export { createIndexCoordinator } from "./create-index-coordinator.ts";
export type { IndexCoordinator, VerifyOptions } from "./index-coordinator.ts";
export { indexCoordinatorDefaults, type IndexCoordinatorOptions } from "./index-options.ts";

// What it is told.
export type {
  AffectingChange,
  ChangeKind,
  IndexDeclaration,
  IndexKind,
  MaintainedColumnDeclaration,
  OrdinaryIndexDeclaration,
  PrimaryIndexDeclaration,
  SearchIndexDeclaration,
  ThroughTable,
} from "./index-declaration.ts";
export type { IndexRunOptions } from "./pace.ts";
export type { RowChange, RowKey, RowValues } from "./row-change.ts";
export type { RankedSearchOptions, SearchOptions } from "./search-condition.ts";

// Declarations that make themselves from names.
export {
  childCount,
  descendantCount,
  finishedDescendants,
  hierarchyPath,
  progress,
  unfinishedChildren,
  unfinishedDependencies,
} from "./column-declarations.ts";
export { sessionIndex, statusIndex } from "./partial-indexes.ts";

// Trees and graphs.
export { type Hierarchy, hierarchy, type HierarchyDefinition } from "./hierarchy.ts";
export {
  type Closure,
  type ClosureOptions,
  type CriticalPathOptions,
  type DependencyGraph,
  dependencyGraph,
  type DependencyGraphDefinition,
} from "./dependency-graph.ts";
export type { LongestPath } from "./longest-path.ts";

// What it answers.
export type { AdviceSource, IndexAdvisory } from "./advise-indexes.ts";
export type { MaintainedChange } from "./row-change.ts";
export type { RankedSearch, SearchCondition } from "./search-condition.ts";
export type {
  EnsureReport,
  IndexFinding,
  IndexProblem,
  IndexReport,
  RebuildReport,
  RebuiltIndex,
} from "./index-report.ts";

// What can be observed and what can go wrong.
export type {
  IndexEnsuredEvent,
  IndexEvent,
  IndexMaintainedEvent,
  IndexProgressEvent,
  IndexRebuiltEvent,
  IndexVerifiedEvent,
} from "./events.ts";
export { indexError, indexErrorCodes, type IndexErrorCode } from "./errors.ts";
