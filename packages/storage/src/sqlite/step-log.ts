import { AtlasError } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { SqlValue } from "../sql-value.ts";
import { runBound } from "./bind-values.ts";
import type { CachedStatement } from "./statement-cache.ts";
import type { RowNumber, TransactionVerbs } from "./transaction-verbs.ts";
import { isIndexDamage, translateError } from "./translate-error.ts";

/** What the driver says of a statement that changed rows. */
export interface ChangeResult {
  readonly changes: number;
  /** Stays as it was when nothing is inserted. */
  readonly lastInsertRowid: RowNumber;
}

/** A statement of a step, as it would be run again. */
interface Change {
  readonly entry: CachedStatement;
  readonly bound: SqlValue[];
  /** Rows it changed. */
  readonly changes: number;
  /** The row it inserted; undefined when it did not, or one of the same number as the one before. */
  readonly inserted: RowNumber | undefined;
}

/** What every transaction asks of its database once. */
export interface StepHost {
  /** The verbs of the handle, which another one may have taken the place of. */
  readonly verbs: () => TransactionVerbs;
  /** Called before the first savepoint of a transaction: others may have changed the schema. */
  readonly refreshSchema: () => void;
}

/** Around the steps since it was set. */
const savepoint = "step";
/** Changes that are repeated at most when a step is undone: a fraction of a millisecond. */
const changesMax = 128;
/** So many steps after one that was undone have a savepoint each: another one may follow. */
const cautiousSteps = 64;

/**
 * Parts of a transaction that can be undone one by one, the latest first.
 *
 * A savepoint for each would cost a third of a small step: two statements, and a
 * copy of every page that the step changes first. Nearly all steps are kept. So
 * several share a savepoint, what they change is remembered, and to undo one
 * everything since the savepoint is undone and the steps before it are run again
 * (logical redo, as in Gray and Reuter, "Transaction Processing", 1993, chapter 10).
 *
 * Running again must give the same. So a step with anything in it of which that
 * is not certain is followed by a savepoint and never run again: a statement that
 * is not one insert, update or delete or whose compiled program calls functions
 * that may answer differently, one that returns rows or has failed, many rows at
 * once, values that the caller could change, savepoints, and everything after a
 * change of the schema. How many rows each one changes and the row it inserts are
 * compared with the first time.
 */
export class StepLog {
  readonly #host: StepHost;
  #isSet = false;
  #changes: Change[] = [];
  #lastInserted: RowNumber = 0;
  /** Changes of steps that were kept. */
  #kept = 0;
  /** Something has happened since the savepoint that is not run again. */
  #opaque = false;
  /** The schema was changed in this transaction: what is known of statements may be wrong. */
  #schemaChanged = false;
  #cautious = 0;

  constructor(host: StepHost) {
    this.#host = host;
  }

  /** Whatever keeps it from beginning leaves the steps before it in doubt: all is rolled back. */
  begin(): void {
    try {
      this.#begin();
    } catch (error) {
      const verbs = this.#host.verbs();
      if (verbs.inTransaction) verbs.rollback();
      throw error;
    }
  }

  #begin(): void {
    if (!this.#isSet) {
      this.#host.refreshSchema();
      this.#renew();
    } else if (this.#opaque || this.#changes.length >= changesMax) {
      this.#renew();
    } else if (this.#cautious > 0) {
      this.#cautious -= 1;
      if (this.#changes.length > 0) this.#renew();
    }
    this.#kept = this.#changes.length;
  }

  /** @throws {AtlasError} index.corrupt; the step can only be undone then, and the error says so. */
  keep(): void {
    try {
      this.#host.verbs().settle();
    } catch (error) {
      if (!isIndexDamage(error)) throw error;
      const { code, message, cause } = error;
      throw new AtlasError(code, message, { ...error.toJSON(), cause, txState: "rolledBack" });
    }
  }

  /** @throws {AtlasError} storage.step_not_restored */
  undo(): void {
    if (!this.#opaque && this.#changes.length === this.#kept) return;
    this.#lastInserted = this.#host.verbs().returnTo(savepoint);
    this.#opaque = this.#schemaChanged;
    this.#changes.length = this.#kept;
    if (this.#kept === 0) return;
    this.#cautious = cautiousSteps;
    for (const change of this.#changes) this.#repeat(change);
  }

  /** To be called when a transaction begins or has ended. */
  clear(): void {
    this.#isSet = false;
    this.#schemaChanged = false;
    if (this.#changes.length > 0) this.#changes = [];
  }

  /** A statement has changed something. */
  ran(entry: CachedStatement, bound: SqlValue[], result: ChangeResult): void {
    if (!this.#isSet) return;
    if (entry.repeatable !== "always" || bound.some(isMutable)) this.disturb(entry);
    if (this.#opaque) return;
    const { changes, lastInsertRowid } = result;
    const inserted = lastInsertRowid === this.#lastInserted ? undefined : lastInsertRowid;
    this.#changes.push({ entry, bound, changes, inserted });
    this.#lastInserted = lastInsertRowid;
  }

  /** Something was done, by a statement or otherwise, that is not run again. */
  disturb(entry?: CachedStatement): void {
    this.#opaque = true;
    if (entry?.repeatable === "changes schema") this.#schemaChanged = true;
  }

  #repeat({ entry, bound, changes, inserted }: Change): void {
    let again: ChangeResult;
    try {
      again = runBound(entry.statement, bound);
    } catch (cause) {
      this.#host.verbs().afterError();
      throw translateError(cause, { during: "run" });
    }
    const sameRow = inserted === undefined || inserted === again.lastInsertRowid;
    if (again.changes !== changes || !sameRow) throw notRestored();
    this.#lastInserted = again.lastInsertRowid;
  }

  #renew(): void {
    const verbs = this.#host.verbs();
    if (this.#isSet) verbs.release(savepoint);
    this.#lastInserted = verbs.savepoint(savepoint);
    this.#isSet = true;
    this.#opaque = this.#schemaChanged;
    this.#changes.length = 0;
  }
}

function isMutable(value: SqlValue): boolean {
  return typeof value === "object" && value !== null;
}

function notRestored(): Error {
  return storageError(
    "storage.step_not_restored",
    "A part of a transaction was undone, and a statement before it that was run again for that " +
      "did something else than the first time, so the transaction cannot go on. Roll it back.",
    { txState: "active" },
  );
}
