import type { IndexEvent } from "@atlas/indexing";

/** What an engine tells its observer. Durations are in milliseconds. */
export type EngineEvent =
  | IndexEvent
  | EngineOpenedEvent
  | OperationCompletedEvent
  | EngineVerifiedEvent;

/** The schema is in place and the engine is ready. */
export interface EngineOpenedEvent {
  readonly type: "engine.opened";
  readonly collections: number;
  /** Migrations that were applied just now. */
  readonly migrated: number;
  readonly durationMs: number;
}

/** An operation of a `SystemCoordinator` has ended. */
export interface OperationCompletedEvent {
  readonly type: "operation.completed";
  readonly name: string;
  readonly outcome: "succeeded" | "refused" | "failed";
  /** Code of the error, when there was one. */
  readonly code?: string;
  readonly durationMs: number;
}

/** A verification has ended. */
export interface EngineVerifiedEvent {
  readonly type: "engine.verified";
  readonly findings: number;
  readonly records: number;
  readonly durationMs: number;
}
