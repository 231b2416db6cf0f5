import type { IndexFinding, RebuildReport } from "@atlas/indexing";

/** An index that does not agree with the data. */
export interface EngineIndexFinding {
  readonly source: "index";
  readonly finding: IndexFinding;
}

/** A stored record that its schema or its table refuses. */
export interface EngineRecordFinding {
  readonly source: "record";
  readonly collection: string;
  /** The key as text, as in the change log. */
  readonly key: string;
  /** Codes and paths of what is wrong, without contents. */
  readonly issues: readonly { readonly code: string; readonly path: string }[];
}

/** Damage of the file itself. */
export interface EngineStorageFinding {
  readonly source: "storage";
  readonly problem: string;
}

/** One thing that is wrong with a store. */
export type EngineFinding = EngineIndexFinding | EngineRecordFinding | EngineStorageFinding;

/** What `engine.verify` found. */
export interface EngineReport {
  readonly ok: boolean;
  readonly findings: readonly EngineFinding[];
  /** True when findings were left out because there were more than allowed. */
  readonly truncated: boolean;
  /** Indexes that were compared with the data. */
  readonly indexes: number;
  /** Records that were compared with their schemas. */
  readonly records: number;
}

/** What `engine.rebuild` did. */
export type EngineRebuildReport = RebuildReport;
