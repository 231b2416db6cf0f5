import type { ChangeFeed, CommittedChange, TableSet } from "../change-feed.ts";
import type { Query } from "../query.ts";

/** What the feed asks of the connections. */
export interface CommitFeedSource {
  readonly tablesRead: (sql: string) => TableSet;
  readonly foreignVersion: () => number;
}

/** Most queries whose tables are remembered. */
const queriesMax = 1_000;

/** The change feed of one SQLite file. */
export class CommitFeed implements ChangeFeed {
  readonly #source: CommitFeedSource;
  readonly #listeners = new Set<(change: CommittedChange) => void>();
  readonly #reads = new Map<string, TableSet>();

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
    const tables = this.#source.tablesRead(sql);
    if (this.#reads.size >= queriesMax) this.#reads.clear();
    this.#reads.set(sql, tables);
    return tables;
  }

  foreignVersion(): number {
    return this.#source.foreignVersion();
  }

  /** Tells every listener, at once. */
  publish(tables: TableSet): void {
    // A changed schema changes what queries read.
    if (tables === "all") this.#reads.clear();
    for (const listener of this.#listeners) {
      try {
        listener({ tables });
      } catch {
        // A listener is told, not asked: the commit has happened.
      }
    }
  }
}
