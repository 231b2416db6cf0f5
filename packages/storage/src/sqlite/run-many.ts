import type { Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import { bindValue } from "./bind-values.ts";

/** What running a statement for many rows needs of a connection. */
export interface ManyTarget {
  /** Runs a statement and returns the number of rows it changed. */
  readonly change: (sql: string, bound: SqlValue[]) => number;
  /** Sets a savepoint. */
  readonly begin: () => void;
  /** Gives the savepoint up and keeps what was done since. */
  readonly end: () => void;
  /** Takes back what was done since the savepoint. */
  readonly undo: () => void;
}

/** What it needs of a query, whatever its values are. */
export type ManyQuery = Pick<Query, "sql" | "params" | "batch">;

/**
 * Runs a statement once per row, several rows at once where the query knows how,
 * and returns the sum of the changes. All rows or none: a savepoint is set as
 * soon as a second statement is needed.
 */
export function runMany(query: ManyQuery, rows: Iterable<object>, target: ManyTarget): number {
  const run = new ManyRun(query, target);
  try {
    for (const row of rows) run.add(row);
    return run.finish();
  } catch (error) {
    run.undo();
    throw error;
  }
}

class ManyRun {
  readonly #query: ManyQuery;
  readonly #target: ManyTarget;
  readonly #rowsMax: number;
  /** Values of the rows that wait, one row after the other; its length never changes. */
  readonly #bound: SqlValue[];
  #waiting = 0;
  #changes = 0;
  #begun = false;

  constructor(query: ManyQuery, target: ManyTarget) {
    this.#query = query;
    this.#target = target;
    this.#rowsMax = query.batch?.rows ?? 1;
    this.#bound = Array.from<SqlValue>({ length: this.#rowsMax * query.params.length }).fill(null);
  }

  add(row: object): void {
    if (this.#waiting === this.#rowsMax) {
      this.#begin();
      this.#runWaiting();
    }
    const { params } = this.#query;
    const bound = this.#bound;
    let at = this.#waiting * params.length;
    // A plain loop: this runs for every value of every row.
    for (const param of params) bound[at++] = bindValue(param, row);
    this.#waiting += 1;
  }

  finish(): number {
    if (this.#waiting > 1 && this.#waiting < this.#rowsMax) this.#begin();
    if (this.#waiting > 0) this.#runWaiting();
    if (this.#begun) this.#target.end();
    return this.#changes;
  }

  undo(): void {
    if (this.#begun) this.#target.undo();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#target.begin();
    this.#begun = true;
  }

  #runWaiting(): void {
    const { sql, params, batch } = this.#query;
    const rows = this.#waiting;
    this.#waiting = 0;
    if (batch !== undefined && rows === batch.rows) {
      this.#changes += this.#target.change(batch.sql, this.#bound);
      return;
    }
    // One text per number of rows would push other statements out of the cache.
    for (let row = 0; row < rows; row += 1) {
      const bound = this.#bound.slice(row * params.length, (row + 1) * params.length);
      this.#changes += this.#target.change(sql, bound);
    }
  }
}
