import { storageError } from "../errors.ts";
import { isIdentifier } from "../define-table.ts";
import type { Handle, HandleStatement } from "./driver.ts";
import { isBusy, translateError } from "./translate-error.ts";

/** Verbs kept prepared; savepoints beyond that are prepared each time. */
const preparedMax = 64;

/** BEGIN, COMMIT and the rest for one handle, without waiting and without policy. */
export class TransactionVerbs {
  readonly #handle: Handle;
  readonly #location: string;
  readonly #prepared = new Map<string, HandleStatement>();

  constructor(handle: Handle, location: string) {
    this.#handle = handle;
    this.#location = location;
  }

  get inTransaction(): boolean {
    return this.#handle.inTransaction;
  }

  /** Takes the write lock; false when another process holds it. */
  tryBeginWrite(): boolean {
    if (this.inTransaction) throw alreadyOpen();
    try {
      this.#verb("BEGIN IMMEDIATE").run();
      return true;
    } catch (cause) {
      if (isBusy(cause)) return false;
      throw translateError(cause, { during: "run", location: this.#location, txState: "none" });
    }
  }

  /** Begins a read and fixes the state it sees. Throws storage.busy with nothing begun. */
  beginRead(): void {
    if (this.inTransaction) throw alreadyOpen();
    try {
      this.#verb("BEGIN").run();
      // BEGIN alone fixes nothing: SQLite takes the snapshot at the first read.
      this.#verb("select 1 from sqlite_schema limit 1").get();
    } catch (cause) {
      this.rollback();
      throw translateError(cause, { during: "run", location: this.#location, txState: "none" });
    }
  }

  commit(): void {
    this.#require();
    try {
      this.#verb("COMMIT").run();
    } catch (cause) {
      throw translateError(cause, { during: "commit", location: this.#location });
    }
  }

  /** Harmless when nothing is open. */
  rollback(): void {
    if (!this.inTransaction) return;
    this.#run("ROLLBACK");
  }

  savepoint(name: string): void {
    this.#require();
    this.#run(`SAVEPOINT ${quoted(name)}`);
  }

  release(name: string): void {
    this.#require();
    this.#run(`RELEASE ${quoted(name)}`);
  }

  rollbackTo(name: string): void {
    this.#require();
    this.#run(`ROLLBACK TO ${quoted(name)}`);
    this.#run(`RELEASE ${quoted(name)}`);
  }

  #run(sql: string): void {
    try {
      this.#verb(sql).run();
    } catch (cause) {
      throw translateError(cause, { during: "run", location: this.#location });
    }
  }

  #verb(sql: string): HandleStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#handle.prepare<unknown[]>(sql) as HandleStatement;
    if (this.#prepared.size < preparedMax) this.#prepared.set(sql, statement);
    return statement;
  }

  #require(): void {
    if (this.inTransaction) return;
    throw storageError(
      "storage.no_transaction",
      "There is no open transaction. Begin one; if one was open, the database has rolled it back.",
      { txState: "none" },
    );
  }
}

function quoted(name: string): string {
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
