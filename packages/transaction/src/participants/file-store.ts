import type { Recoverable, RecoveryFinding } from "../recovery/recoverable.ts";
import type { FileConflict, FileConflictPage } from "./file-conflicts.ts";

/**
 * Files that change with the database: all of a transaction's changes to them
 * happen, or none, also across a crash.
 *
 * Paths are relative, with `/` between names, and stay below the directory of
 * the store. Changes are staged beside their targets and take effect after the
 * commit; until then only the transaction itself sees them. A call outside a
 * transaction is a transaction of its own.
 *
 * A file that somebody else changed after a transaction first looked at it is
 * never overwritten: before the commit the transaction fails with
 * `transaction.file_conflict`; after it what was to be written is kept beside
 * the file, as `name.conflict-….txt`, and listed by `conflicts` until somebody
 * settles it. What cannot take effect for another reason (a full disk, a
 * directory that may not be written) stays in the journal and is tried again by
 * every `recover`. Between the last look and
 * the renaming there is an instant in which the change of a program that does
 * not use the store goes unnoticed; no file system offers to close it.
 *
 * Files that are hidden and begin with `.atlas-` belong to the store.
 */
export interface FileStore extends Recoverable, AsyncDisposable {
  /** The absolute path of what the store manages. */
  readonly directory: string;
  /** What is in a file; undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The same as UTF-8 text. */
  readText(path: string): Promise<string | undefined>;
  /**
   * Replaces a file, which keeps its mode and owner, or makes one, with the
   * directories that it needs.
   *
   * @throws {AtlasError} transaction.file_path_refused, transaction.participant_full,
   * transaction.file_conflict
   */
  write(path: string, content: Uint8Array | string): Promise<void>;
  /** Removes a file; false when there is none. */
  delete(path: string): Promise<boolean>;
  /**
   * Gives a file another name, in place of what has that name.
   *
   * @throws {AtlasError} transaction.file_missing when there is none.
   */
  move(from: string, to: string): Promise<void>;
  /**
   * Finishes what has begun by this process or was left by ended ones. Of what
   * it finds, `waiting` could not take effect yet and is tried again next time,
   * `conflicts` is the number of all that are not settled, and `notes` names them.
   *
   * @throws {AtlasError} transaction.already_active inside a transaction.
   */
  recover(): Promise<RecoveryFinding>;
  /** Committed changes that met one of somebody else, oldest first, of all processes. */
  conflicts(page?: FileConflictPage): Promise<readonly FileConflict[]>;
  /**
   * Takes a conflict off the list when somebody has looked after it, and leaves
   * the files as they are; false when it is not there.
   */
  settleConflict(id: number): Promise<boolean>;
  /**
   * Refuses whatever comes, and resolves when no call and no transaction with
   * files is under way and nothing is written any more. Closing twice is harmless.
   *
   * @throws {AtlasError} transaction.already_active inside a transaction, which it would wait for.
   */
  close(): Promise<void>;
}

/** How a file store works. */
export interface FileStoreOptions {
  /** Must exist. Processes that share it share the database as well. */
  readonly directory: string;
  /** Tells the stores of one database apart. Default: "files". */
  readonly name?: string;
  /** Files that one transaction may change, 1 to 100,000. Default: 1,000. */
  readonly filesMax?: number;
  /** Bytes that one transaction may write, 1 to 2^40. Default: 256 MiB. */
  readonly bytesMax?: number;
  /** Mode of files that did not exist. Default: 0o600. */
  readonly mode?: number;
  /** Receives what nobody waits for; must not throw. */
  readonly onEvent?: (event: FileStoreEvent) => void;
  /** Told of every step, and waited for: for progress, and for tests of crashes. */
  readonly onStep?: (step: FileStep) => void | Promise<void>;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** Default: `crypto.randomUUID`. */
  readonly createId?: () => string;
}

/**
 * Where a transaction with files is: content is `staged` beside its target, the
 * journal is `prepared` in the transaction, the commit is durable (`committed`),
 * one change is `applied`, or its `conflict` with somebody else's is written
 * down before that, their directories are `synced`, the journal is `forgotten`.
 */
export type FileStep =
  | { readonly step: "staged" | "applied" | "conflict"; readonly path: string }
  | { readonly step: "prepared" | "committed" | "synced" | "forgotten" };

/** What a file store reports to `onEvent`. */
export type FileStoreEvent =
  /** A committed change met one of somebody else; `keptAs` is where ours is, if there is one. */
  | { readonly type: "files.conflict"; readonly path: string; readonly keptAs: string | undefined }
  /** The journal of applied changes could not be shortened; recovery will. */
  | { readonly type: "files.forget_failed"; readonly error: unknown };

/** What a store does unless told otherwise. */
export const fileStoreDefaults: {
  readonly name: "files";
  readonly filesMax: 1_000;
  readonly bytesMax: number;
  readonly mode: number;
} = Object.freeze({ name: "files", filesMax: 1_000, bytesMax: 256 * 2 ** 20, mode: 0o600 });
