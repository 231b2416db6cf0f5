import type { IndexKind } from "./index-declaration.ts";

/** What a coordinator tells its observer. Durations are in milliseconds. */
export type IndexEvent =
  | IndexEnsuredEvent
  | IndexMaintainedEvent
  | IndexProgressEvent
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

/** One slice of a verification or a rebuild is done. */
export interface IndexProgressEvent {
  readonly type: "index.progress";
  readonly index: string;
  readonly kind: IndexKind;
  readonly phase: "verify" | "rebuild";
  /** Rows or words of this index that were looked at so far; rows of later passes count again. */
  readonly done: number;
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
  /** Transactions it took. */
  readonly slices: number;
  /** The longest of them, in which others waited. */
  readonly longestSliceMs: number;
  readonly durationMs: number;
}
