import type { Operation } from "../interleaved.ts";
import type { Task } from "../sample.ts";

/** Another way to use SQLite, with one file open. */
export interface PeerSession {
  /** One task by its key. */
  readonly pointRead: Operation;
  /** One hundred tasks in the order of their keys. */
  readonly range: Operation;
  /** The notes of twenty-five tasks, with the tasks. */
  readonly join: Operation;
  /** One task, in a transaction of its own. */
  readonly insert: (row: Task) => unknown;
  /** Many tasks in one transaction, as its documentation advises. */
  readonly bulk: (rows: readonly Task[]) => unknown;
  readonly close: () => unknown;
}

/** Another way to use SQLite. */
export interface Peer {
  readonly name: string;
  /** Opens a file with the settings that Atlas has, and with a sync at each commit or without. */
  readonly open: (path: string, synchronous: Synchronous) => PeerSession;
}

/** When commits are on stable storage: when they are acknowledged, or some time later. */
export type Synchronous = "full" | "normal";

/** The settings that make a difference in speed, as Atlas has them. */
export function settings(synchronous: Synchronous): readonly string[] {
  return [
    "journal_mode = wal",
    `synchronous = ${synchronous}`,
    "cache_size = -16384",
    "foreign_keys = on",
    "temp_store = memory",
    // A fiftieth of a point read: pages are checked when they are read.
    "cell_size_check = on",
  ];
}

/** Rows of one statement where a library takes many. */
export const chunkLength = 500;

/** Parts of a list of this length. */
export function chunksOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / chunkLength) }, (_, at) =>
    items.slice(at * chunkLength, (at + 1) * chunkLength),
  );
}
