import type { NewTask } from "./task-input.ts";

/** A record of another program, ready to be stored. */
export interface ImportedTask extends Omit<NewTask, "path" | "parent" | "dependencies"> {
  /** Names the record within its source, from import to import. */
  readonly externalId: string;
  /** External ids of records in the same source. */
  readonly externalParent?: string;
  readonly externalDependencies?: readonly string[];
  /** ISO 8601. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly completedAt?: string;
}

/** How records are taken in: at most 100,000 of them, in one transaction. */
export interface ImportOptions {
  /** Names the source; records keep their identity within it. */
  readonly source: string;
  /** Path of the group that receives records without a parent; created when missing. */
  readonly into: string;
  /** What one bad record does. Default: "skip". */
  readonly onInvalid?: "skip" | "reject-all";
  /** Told now and then how many of the valid records are done, and at the end. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What an import did. */
export interface ImportResult {
  /** New, or changed in the source since the last import. */
  readonly imported: number;
  readonly unchanged: number;
  /** Records that were not taken in. */
  readonly rejected: readonly ImportRemark[];
  /** Links of records that were taken in, but could not be kept. */
  readonly warnings: readonly ImportRemark[];
}

/** What an import has to say about one record. */
export interface ImportRemark {
  /** Position in the list of records. */
  readonly index: number;
  readonly reason: string;
}
