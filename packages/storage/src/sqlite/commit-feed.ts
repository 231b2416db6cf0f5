import type { ChangeFeed, CommittedChange, RowLookup, TableSet } from "../change-feed.ts";
import type { Query } from "../query.ts";

/** What the feed asks of the connections. */
export interface CommitFeedSource {
  readonly tablesRead: (sql: string) => TableSet;
  readonly foreignVersion: () => number;
  readonly followRows: (table: string, columns: readonly string[]) => () => void;
  readonly rowLookup: (sql: string) => RowLookup | undefined;
  /** False in a transaction: what it has done to the schema may be undone again. */
  readonly schemaIsCommitted: () => boolean;
  /** Told whenever the schema may have changed. */
  readonly schemaChanged: () => void;
}

/** Most queries whose tables are remembered. */
const queriesMax = 1_000;

/** The change feed of one SQLite file. */
export class CommitFeed implements ChangeFeed {
  readonly #source: CommitFeedSource;
  readonly #listeners = new Set<(change: CommittedChange) => void>();
  readonly #reads = new Map<string, TableSet>();
  readonly #lookups = new Map<string, RowLookup | undefined>();
  #version: number | undefined;

  constructor(source: CommitFeedSource) {
    this.#source = source;
  }

  subscribe(listener: (change: CommittedChange) => void): () => void {
    // A function of its own, so that one listener given twice can leave once.
    const own = (change: CommittedChange): void => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tablesRead({ sql }: Pick<Query, "sql">): TableSet {
    const known = this.#reads.get(sql);
    if (known !== undefined) return known;
    if (!this.#source.schemaIsCommitted()) return "all";
    const tables = this.#source.tablesRead(sql);
    if (this.#reads.size >= queriesMax) this.#reads.clear();
    this.#reads.set(sql, tables);
    return tables;
  }

  foreignVersion(): number {
    const version = this.#source.foreignVersion();
    // Others change the schema as well.
    if (version !== this.#version) this.#forget();
    this.#version = version;
    return version;
  }

  followRows(table: string, columns: readonly string[]): () => void {
    return this.#source.followRows(table, columns);
  }

  rowLookup({ sql }: Pick<Query, "sql">): RowLookup | undefined {
    if (this.#lookups.has(sql)) return this.#lookups.get(sql);
    if (!this.#source.schemaIsCommitted()) return undefined;
    const lookup = this.#source.rowLookup(sql);
    if (this.#lookups.size >= queriesMax) this.#lookups.clear();
    this.#lookups.set(sql, lookup);
    return lookup;
  }

  /** Tells every listener, at once. */
  publish(change: CommittedChange): void {
    // A changed schema changes what queries read.
    if (change.tables === "all") this.#forget();
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch {
        // A listener is told, not asked: the commit has happened.
      }
    }
  }

  #forget(): void {
    this.#reads.clear();
    this.#lookups.clear();
    this.#source.schemaChanged();
  }
}
