import type { ChangeKind } from "@atlas/indexing";
import type { Page } from "./record-query.ts";

/** Field values as the change log keeps them: JSON, with bytes as base64 text. */
export type ChangeImage = Readonly<Record<string, unknown>>;

/** One write of one record, as the log keeps it. */
export interface Change {
  /** Grows strictly in the order in which transactions were committed; gaps are possible. */
  readonly sequence: number;
  /** What was changed together: one outermost transaction, or one `engine.changeSet`. */
  readonly changeSet: string;
  readonly collection: string;
  /** The key as text; a JSON list when the key has several columns. */
  readonly key: string;
  readonly kind: ChangeKind;
  /** Created: absent. Updated: the changed fields. Deleted: the whole record. */
  readonly before: ChangeImage | undefined;
  /** Created: the whole record. Updated: the changed fields. Deleted: absent. */
  readonly after: ChangeImage | undefined;
  readonly actor: string | undefined;
  readonly reason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A write that was made without a collection, to be put into the log. */
export interface RecordedWrite {
  readonly collection: string;
  readonly key: string;
  /** The record as it was; absent for a new one. */
  readonly before?: ChangeImage;
  /** The record as it is; absent for a deleted one. */
  readonly after?: ChangeImage;
  /** Default: the actor of the change set. */
  readonly actor?: string | undefined;
}

/** Which part of a history is wanted; newest first. */
export interface HistoryQuery {
  /** Default: 50; maximum 1,000. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Who changes what and why; travels through async calls. */
export interface ChangeSetOptions {
  readonly actor?: string;
  readonly reason?: string;
}

/** The log of every write to a tracked collection. */
export interface ChangeLog {
  /**
   * Logs writes that were made by SQL of their own, in the transaction that
   * made them. Of an update only the fields that differ are kept; one that
   * changes nothing is left out.
   *
   * @throws {AtlasError} operation.transaction_required outside a transaction.
   */
  record(writes: Iterable<RecordedWrite>): Promise<void>;
  /** What happened to one record, newest first. */
  forRecord(collection: string, key: string, query?: HistoryQuery): Promise<Page<Change>>;
  /**
   * Changes with a larger sequence number, oldest first. Nothing that commits
   * later gets a smaller number, so a reader that goes on from the last one it
   * has seen misses nothing. Limit: default 100, maximum 1,000.
   */
  since(sequence: number, limit?: number): Promise<readonly Change[]>;
}
