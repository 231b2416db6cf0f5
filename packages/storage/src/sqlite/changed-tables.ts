import type { TableSet } from "../change-feed.ts";
import type { CachedStatement } from "./statement-cache.ts";

/** Which tables the statements of a transaction have changed. */
export class ChangedTables {
  readonly #statements = new Set<CachedStatement>();
  /** What ran in the transaction before, and its tables: most are like the last. */
  #last: { readonly sets: readonly TableSet[]; readonly tables: TableSet } = {
    sets: [],
    tables: new Set(),
  };

  add(statement: CachedStatement): void {
    this.#statements.add(statement);
  }

  clear(): void {
    this.#statements.clear();
  }

  /** The tables changed since the last call; undefined when there are none. */
  take(): TableSet | undefined {
    if (this.#statements.size === 0) return undefined;
    if (!this.#isAsLast()) {
      const sets = [...this.#statements].map(({ writes }) => writes);
      this.#last = { sets, tables: union(sets) };
    }
    this.#statements.clear();
    return this.#last.tables;
  }

  #isAsLast(): boolean {
    const { sets } = this.#last;
    if (sets.length !== this.#statements.size) return false;
    let at = 0;
    for (const { writes } of this.#statements) if (writes !== sets[at++]) return false;
    return true;
  }
}

function union(sets: readonly TableSet[]): TableSet {
  const known = sets.filter((set) => set !== "all");
  return known.length < sets.length ? "all" : new Set(known.flatMap((set) => [...set]));
}
