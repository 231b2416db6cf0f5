import { storageError } from "../errors.ts";
import { isIdentifier } from "../define-table.ts";
import type { Handle, HandleStatement } from "./driver.ts";
import { isBusy, translateError } from "./translate-error.ts";

/** Savepoints kept prepared, by name; those beyond that are prepared each time. */
const savepointsPreparedMax = 64;

/** Of a row of a table, as SQLite numbers them. */
export type RowNumber = number | bigint;

/** The three verbs of one savepoint, prepared. */
interface SavepointVerbs {
  readonly set: HandleStatement;
  readonly release: HandleStatement;
  readonly rollbackTo: HandleStatement;
}

/**
 * BEGIN, COMMIT and the rest for one handle, without waiting and without policy.
 *
 * Whether a transaction is open is known here and not asked of the driver each
 * time, which would be a tenth of a small transaction. The one way in which it
 * ends without a verb is an error: SQLite then may have rolled back by itself.
 * So whoever runs statements on the handle calls `afterError`.
 */
export class TransactionVerbs {
  readonly #handle: Handle;
  readonly #location: string;
  readonly #prepared = new Map<string, HandleStatement>();
  readonly #savepoints = new Map<string, SavepointVerbs>();
  #open = false;

  constructor(handle: Handle, location: string) {
    this.#handle = handle;
    this.#location = location;
  }

  get inTransaction(): boolean {
    return this.#open;
  }

  /** Finds out again whether a transaction is open. */
  afterError(): void {
    this.#open = this.#handle.inTransaction;
  }

  /** Takes the write lock; false when another process holds it. */
  tryBeginWrite(): boolean {
    if (this.#open) throw alreadyOpen();
    try {
      this.#verb("BEGIN IMMEDIATE").run();
      this.#open = true;
      return true;
    } catch (cause) {
      this.afterError();
      if (isBusy(cause)) return false;
      throw translateError(cause, { during: "run", location: this.#location, txState: "none" });
    }
  }

  /** Begins a read and fixes the state it sees. Throws storage.busy with nothing begun. */
  beginRead(): void {
    if (this.#open) throw alreadyOpen();
    try {
      this.#verb("BEGIN").run();
      this.#open = true;
      // BEGIN alone fixes nothing: SQLite takes the snapshot at the first read.
      this.#verb("select 1 from sqlite_schema limit 1").get();
    } catch (cause) {
      this.afterError();
      this.rollback();
      throw translateError(cause, { during: "run", location: this.#location, txState: "none" });
    }
  }

  commit(): void {
    this.#require();
    try {
      this.#verb("COMMIT").run();
      this.#open = false;
    } catch (cause) {
      this.afterError();
      throw translateError(cause, { during: "commit", location: this.#location });
    }
  }

  /** Harmless when nothing is open. */
  rollback(): void {
    if (!this.#open) return;
    this.#run(this.#verb("ROLLBACK"));
    this.#open = false;
  }

  /** Answers with the row that was inserted last, whenever that was. */
  savepoint(name: string): RowNumber {
    this.#require();
    return this.#run(this.#savepoint(name).set);
  }

  release(name: string): void {
    this.#require();
    this.#run(this.#savepoint(name).release);
  }

  rollbackTo(name: string): void {
    this.#require();
    const { rollbackTo, release } = this.#savepoint(name);
    this.#run(rollbackTo);
    this.#run(release);
  }

  /** Undoes what was done since the savepoint and keeps the savepoint. Answers as that does. */
  returnTo(name: string): RowNumber {
    this.#require();
    return this.#run(this.#savepoint(name).rollbackTo);
  }

  /** Differs from the answer before when somebody has changed the schema. */
  schemaVersion(): number {
    try {
      const row = this.#verb("pragma schema_version").get();
      return Number(row?.["schema_version"]);
    } catch (cause) {
      throw translateError(cause, { during: "run", location: this.#location });
    }
  }

  /** Differs from the answer before when another connection has committed. */
  dataVersion(): number {
    try {
      const row = this.#verb("pragma data_version").get();
      return Number(row?.["data_version"]);
    } catch (cause) {
      throw translateError(cause, { during: "run", location: this.#location });
    }
  }

  /** Frames in the log, and those copied back; undefined inside a transaction. */
  logFrames(): { readonly frames: number; readonly framesCopied: number } | undefined {
    if (this.#open) return undefined;
    try {
      const row = this.#verb("pragma wal_checkpoint(noop)").get();
      const [frames, framesCopied] = [Number(row?.["log"]), Number(row?.["checkpointed"])];
      return { frames: Math.max(0, frames), framesCopied: Math.max(0, framesCopied) };
    } catch (cause) {
      if (isBusy(cause)) return undefined;
      throw translateError(cause, { during: "run", location: this.#location });
    }
  }

  #run(statement: HandleStatement): RowNumber {
    try {
      return statement.run().lastInsertRowid;
    } catch (cause) {
      this.afterError();
      throw translateError(cause, { during: "run", location: this.#location });
    }
  }

  #verb(sql: string): HandleStatement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  #savepoint(name: string): SavepointVerbs {
    const known = this.#savepoints.get(name);
    if (known !== undefined) return known;
    const quoted = quote(name);
    const verbs: SavepointVerbs = {
      set: this.#prepare(`SAVEPOINT ${quoted}`),
      release: this.#prepare(`RELEASE ${quoted}`),
      rollbackTo: this.#prepare(`ROLLBACK TO ${quoted}`),
    };
    if (this.#savepoints.size < savepointsPreparedMax) this.#savepoints.set(name, verbs);
    return verbs;
  }

  #prepare(sql: string): HandleStatement {
    try {
      return this.#handle.prepare<unknown[]>(sql) as HandleStatement;
    } catch (cause) {
      throw translateError(cause, { during: "prepare", location: this.#location });
    }
  }

  #require(): void {
    if (this.#open) return;
    throw storageError(
      "storage.no_transaction",
      "There is no open transaction. Begin one; if one was open, the database has rolled it back.",
      { txState: "none" },
    );
  }
}

function quote(name: string): string {
  if (isIdentifier(name)) return `"${name}"`;
  throw storageError(
    "storage.query_invalid",
    "A savepoint is named with letters, digits and underscores, beginning with a letter.",
  );
}

function alreadyOpen(): Error {
  return storageError(
    "storage.transaction_open",
    "A transaction is open on this connection already. End it first, or use a savepoint.",
    { txState: "active" },
  );
}
