import type { AtlasError } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { TableSet } from "../change-feed.ts";
import { isIdentifier } from "../define-table.ts";
import type { Handle, HandleStatement } from "./driver.ts";
import { IndexDoubt } from "./index-doubt.ts";
import { isBusy, isIndexDamage, translateError } from "./translate-error.ts";

/** Set and released to make search indexes store what they keep in memory. */
const storeSearch = "store_search";

/** So many savepoints are released with care after a search index was found damaged. */
const carefulReleases = 1_000;

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
  // These two run in every transaction, and a look into a map is noticeable there.
  #beginWrite: HandleStatement | undefined;
  #commit: HandleStatement | undefined;
  readonly #prepared = new Map<string, HandleStatement>();
  readonly #savepoints = new Map<string, SavepointVerbs>();
  readonly #doubt = new IndexDoubt();
  #careful = 0;
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
    if (!this.#open) this.#doubt.end();
  }

  /** A statement has written search indexes of these tables. */
  searchWritten(tables: TableSet): void {
    this.#doubt.searchWritten(tables);
  }

  /**
   * A statement that changes data has met a damaged index. SQLite may have
   * done half of it, so what was done since the innermost savepoint is not
   * kept: only going back is accepted from now on.
   */
  spoil(error: AtlasError): void {
    this.#doubt.spoil(error);
  }

  /** Takes the write lock; false when another process holds it. */
  tryBeginWrite(): boolean {
    if (this.#open) throw alreadyOpen();
    try {
      (this.#beginWrite ??= this.#prepare("BEGIN IMMEDIATE")).run();
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

  /**
   * A search index stores what it keeps in memory before anything is written.
   * When it is damaged, nothing is committed and SQLite has rolled back.
   */
  commit(): void {
    this.#require();
    try {
      this.#doubt.refuse();
      (this.#commit ??= this.#prepare("COMMIT")).run();
      this.#open = false;
      this.#doubt.end();
    } catch (cause) {
      const error = this.#translate(cause, "commit");
      throw isIndexDamage(error) ? this.#giveUp(error) : error;
    }
  }

  /** Harmless when nothing is open. */
  rollback(): void {
    if (!this.#open) return;
    this.#run(this.#verb("ROLLBACK"));
    this.#open = false;
    this.#doubt.end();
  }

  /**
   * Answers with the row that was inserted last, whenever that was. Rolls everything
   * back when a damaged index refuses what was done before and there is no savepoint
   * to go back to.
   */
  savepoint(name: string): RowNumber {
    this.#require();
    const { set } = this.#savepoint(name);
    let inserted: RowNumber;
    try {
      this.#doubt.refuse();
      inserted = this.#run(set);
    } catch (error) {
      if (!this.#open || !isIndexDamage(error)) throw error;
      // Whoever asks for a savepoint has not always written what is refused.
      if (!this.#doubt.mayGoBack) throw this.#giveUp(error, { retryable: true });
      this.#doubt.spoil(error);
      throw error;
    }
    this.#doubt.savepointSet(name);
    return inserted;
  }

  /**
   * Refuses to go on when what was done since the innermost savepoint has met a damaged
   * index; the way back is still there.
   *
   * @throws {AtlasError} index.corrupt
   */
  settle(): void {
    this.#require();
    this.#doubt.refuse();
    if (this.#careful > 0 && this.#doubt.wroteSearch) this.#storeSearch();
  }

  /** Rolls everything back when a damaged index refuses what was done since the savepoint. */
  release(name: string): void {
    this.settle();
    const { release } = this.#savepoint(name);
    try {
      this.#run(release);
    } catch (error) {
      // The savepoint is gone and its work is kept: only all of it can be undone.
      throw this.#open && isIndexDamage(error) ? this.#giveUp(error) : error;
    }
    this.#doubt.savepointEnded(name);
  }

  rollbackTo(name: string): void {
    this.#require();
    const { rollbackTo, release } = this.#savepoint(name);
    this.#run(rollbackTo);
    this.#run(release);
    this.#doubt.savepointEnded(name);
  }

  /** Undoes what was done since the savepoint and keeps the savepoint. Answers as that does. */
  returnTo(name: string): RowNumber {
    this.#require();
    const inserted = this.#run(this.#savepoint(name).rollbackTo);
    this.#doubt.savepointEnded(name);
    this.#doubt.savepointSet(name);
    return inserted;
  }

  /**
   * Search indexes store what they keep in memory when a savepoint is set, and
   * when one is released. Before RELEASE a refusal leaves a way back, but the
   * pages have to be kept for it: half as much again for each savepoint.
   */
  #storeSearch(): void {
    const { set, release } = this.#savepoint(storeSearch);
    this.#careful -= 1;
    this.#run(set);
    this.#run(release);
  }

  /** Rolls back all of it; what is refused now would be refused at the commit. */
  #giveUp(damage: AtlasError, { retryable = false } = {}): AtlasError {
    this.#careful = carefulReleases;
    this.rollback();
    return storageError(
      "index.corrupt",
      `An index of the database ${this.#location} contradicts its data, so the transaction was ` +
        "rolled back. Rebuild the index, then run it again.",
      { cause: damage.cause, details: damage.details, txState: "rolledBack", retryable },
    );
  }

  #run(statement: HandleStatement): RowNumber {
    try {
      return statement.run().lastInsertRowid;
    } catch (cause) {
      throw this.#translate(cause, "run");
    }
  }

  #translate(cause: unknown, during: "run" | "commit"): AtlasError {
    const tables = this.#doubt.searched;
    this.afterError();
    return translateError(cause, { during, location: this.#location, tables });
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
