import type { IndexKind } from "./index-declaration.ts";

/** What a coordinator tells its observer. Durations are in milliseconds. */
export type IndexEvent =
  | IndexEnsuredEvent
  | IndexMaintainedEvent
  | IndexVerifiedEvent
  | IndexRebuiltEvent;

/** The store was brought in line with the declarations, and something had to be done. */
export interface IndexEnsuredEvent {
  readonly type: "index.ensured";
  readonly created: number;
  readonly replaced: number;
  readonly removed: number;
  readonly durationMs: number;
}

/** Values of a maintained column were changed. */
export interface IndexMaintainedEvent {
  readonly type: "index.maintained";
  readonly index: string;
  readonly rows: number;
}

/** A verification has ended. */
export interface IndexVerifiedEvent {
  readonly type: "index.verified";
  readonly indexes: number;
  readonly findings: number;
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** One index was made again. */
export interface IndexRebuiltEvent {
  readonly type: "index.rebuilt";
  readonly index: string;
  readonly kind: IndexKind;
  readonly repairedRows: number;
  readonly durationMs: number;
}
