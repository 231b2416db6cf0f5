import type { ChangeFeed, CommittedChange, RowLookup } from "../change-feed.ts";
import type { Query } from "../query.ts";
import { rowValueOf } from "../row-value.ts";
import type { SqlValue } from "../sql-value.ts";

/**
 * Names what answers depend on and what commits change, so that they meet.
 *
 * An answer found by one value of a followed column carries the tag of that
 * value and the tag `rows` of its table; every other answer carries the tag
 * `table` of each of its tables. A commit that tells the rows it changed drops
 * `table` and the values of these rows; any other one drops `table` and `rows`.
 */
export class QueryTags {
  readonly #prefix: string;
  readonly #changes: ChangeFeed;
  readonly #followed: ReadonlyMap<string, readonly string[]>;

  constructor(
    prefix: string,
    changes: ChangeFeed,
    followed: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#prefix = prefix;
    this.#changes = changes;
    this.#followed = followed;
  }

  /** The tag of every answer. */
  get every(): string {
    return this.#prefix;
  }

  /** What an answer depends on. */
  of(query: Pick<Query, "sql">, bound: readonly SqlValue[]): readonly string[] {
    const tables = this.#changes.tablesRead(query);
    if (tables === "all") return [this.every, this.#tag("unknown")];
    const lookup = this.#lookup(query);
    if (lookup !== undefined) {
      const { table, column, type, parameter } = lookup;
      const value = rowValueOf(type, bound[parameter]);
      if (value !== undefined)
        return [this.every, this.#tag("rows", table), this.#value(table, column, value)];
    }
    return [this.every, ...[...tables].map((table) => this.#tag("table", table))];
  }

  /** What a commit drops. */
  changedBy({ tables, rows }: CommittedChange): readonly string[] {
    if (tables === "all") return [this.every];
    const tags = [this.#tag("unknown")];
    for (const table of tables) {
      tags.push(this.#tag("table", table));
      const changed = rows?.get(table);
      if (changed === undefined) tags.push(this.#tag("rows", table));
      else for (const [column, values] of changed) tags.push(...this.#all(table, column, values));
    }
    return tags;
  }

  #lookup(query: Pick<Query, "sql">): RowLookup | undefined {
    if (this.#followed.size === 0) return undefined;
    const lookup = this.#changes.rowLookup(query);
    const columns = this.#followed.get(lookup?.table ?? "");
    return columns?.includes(lookup?.column ?? "") === true ? lookup : undefined;
  }

  #all(table: string, column: string, values: ReadonlySet<string>): string[] {
    return [...values].map((value) => this.#value(table, column, value));
  }

  // Names may hold anything, so each is written with its length.
  #tag(kind: "unknown" | "table" | "rows", table = ""): string {
    return `${this.#prefix} ${kind} ${table}`;
  }

  #value(table: string, column: string, value: string): string {
    return `${this.#prefix} value ${table.length} ${table}${column.length} ${column}${value}`;
  }
}
