import type { TableSet } from "../change-feed.ts";
import type { CachedStatement } from "./statement-cache.ts";

/** Which tables the statements of a transaction have changed. */
export class ChangedTables {
  /** Each once; which of them are in here is noted on them. */
  readonly #statements: CachedStatement[] = [];
  #transaction = 1;
  /** What ran in the transaction before, and its tables: most are like the last. */
  #last: { readonly sets: readonly TableSet[]; readonly tables: TableSet } = {
    sets: [],
    tables: new Set(),
  };

  add(statement: CachedStatement): void {
    if (statement.changedIn === this.#transaction) return;
    statement.changedIn = this.#transaction;
    this.#statements.push(statement);
  }

  clear(): void {
    this.#statements.length = 0;
    this.#transaction += 1;
  }

  /** The tables changed since the last call; undefined when there are none. */
  take(): TableSet | undefined {
    if (this.#statements.length === 0) return undefined;
    if (!this.#isAsLast()) {
      const sets = this.#statements.map(({ writes }) => writes);
      this.#last = { sets, tables: union(sets) };
    }
    this.clear();
    return this.#last.tables;
  }

  #isAsLast(): boolean {
    const { sets } = this.#last;
    if (sets.length !== this.#statements.length) return false;
    return this.#statements.every(({ writes }, at) => writes === sets[at]);
  }
}

function union(sets: readonly TableSet[]): TableSet {
  const known = sets.filter((set) => set !== "all");
  return known.length < sets.length ? "all" : new Set(known.flatMap((set) => [...set]));
}
