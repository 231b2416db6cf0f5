/**
 * Prepared statements of one connection, by SQL text.
 *
 * Preparing costs five times what running a point query does, so a statement
 * is prepared once and found again by its text. There is one entry per text and
 * row mode: the driver's row modes stick to a statement, so the mode that keeps
 * integers exact has a statement of its own, made when it is first needed.
 */
import type { StatementStatistics } from "../database-statistics.ts";
import { closedError } from "./closed-error.ts";
import type { TableSet } from "../change-feed.ts";
import { storageError } from "../errors.ts";
import type { QueryLog, StatementLog } from "../query-log/query-log.ts";
import { tokenizeSql } from "../sql-tokens.ts";
import type { Handle, HandleStatement } from "./driver.ts";
import { estimatedRows, type Repeatable, tableAccess } from "./table-access.ts";
import { translateError } from "./translate-error.ts";

/** A statement with what has to be known each time it runs. */
export interface CachedStatement {
  readonly statement: HandleStatement;
  /** False for statements that change the data. */
  readonly readonly: boolean;
  readonly returnsRows: boolean;
  /** Returns rows and changes nothing: may be run again. */
  readonly selects: boolean;
  /** Tick of the last use; the smallest one leaves when the cache is full. */
  usedAt: number;
  exact: HandleStatement | undefined;
  /** Tables it goes through from end to end; found out with its first use outside a snapshot. */
  scans: ReadonlySet<string> | undefined;
  uses: number;
  /** As it was last estimated: it visits so many rows that it should not run on this thread. */
  heavy: boolean;
  /** Tables it may change, as of the schema it was last compiled for; empty for one that reads. */
  writes: TableSet;
  /** It may write a search index, of the same schema. */
  writesSearch: boolean;
  /** What running it again would do, of the same schema. */
  repeatable: Repeatable;
  /** Which state of the schema these three are of. */
  schema: number;
  /** The transaction in which it has changed something, as its session counts them. */
  changedIn: number;
  /** Where its runs are recorded. */
  readonly log: StatementLog | undefined;
}

/** After so many uses a statement is looked at as if it were new: an index may be gone. */
const usesPerPlan = 4_096;

const noTables: ReadonlySet<string> = new Set();

const changesNothing = { writes: noTables, writesSearch: false, repeatable: "unknown" } as const;

// Ending a transaction from inside would take atomicity from whoever began it.
const transactionVerbs: readonly string[] = [
  "begin",
  "commit",
  "end",
  "release",
  "rollback",
  "savepoint",
];

/** What a cache is made with. */
export interface StatementCacheOptions {
  readonly location: string;
  readonly statementCacheMax: number;
  readonly queryLog: QueryLog | undefined;
  readonly scanRowsMin: number;
}

/** Finds or prepares statements; the least recently used one makes room for a new one. */
export class StatementCache {
  readonly #handle: Handle;
  readonly #options: StatementCacheOptions;
  readonly #entries = new Map<string, CachedStatement>();
  #closed = false;
  #tick = 0;
  #hits = 0;
  #misses = 0;
  #compilations = 0;
  #schema = 0;
  #schemaVersion: number | undefined;

  constructor(handle: Handle, options: StatementCacheOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  find(sql: string): CachedStatement {
    const entry = this.#entries.get(sql);
    if (entry === undefined) return this.#add(sql);
    this.#hits += 1;
    entry.usedAt = this.#tick += 1;
    return entry;
  }

  /**
   * True when a query is so large that it belongs on another thread. How many
   * rows its tables have is asked at its 1st, 2nd, 4th … use and every 256;
   * which of them it goes through from end to end hardly changes.
   */
  isHeavy(entry: CachedStatement): boolean {
    const uses = (entry.uses += 1);
    const scans = (entry.scans ??= this.#scansOf(entry));
    if (uses % usesPerPlan === 0) entry.scans = undefined;
    // A point read comes here: it must cost it nothing.
    if (scans.size === 0) return false;
    if ((uses & (uses - 1)) !== 0 && uses % 256 !== 0) return entry.heavy;
    const { scanRowsMin } = this.#options;
    entry.heavy = [...scans].some((table) => estimatedRows(this.#handle, table) >= scanRowsMin);
    return entry.heavy;
  }

  #scansOf({ selects, statement }: CachedStatement): ReadonlySet<string> {
    if (this.#options.scanRowsMin === 0 || !selects) return noTables;
    return tableAccess(this.#handle, statement.source).scans;
  }

  /** A new trigger or cascade makes old statements change more: finds out again when they run. */
  schemaChanged(): void {
    this.#schema += 1;
  }

  /** The same, when the number of the schema is not the one of the last call. */
  followSchema(version: number): void {
    if (version !== this.#schemaVersion) this.schemaChanged();
    this.#schemaVersion = version;
  }

  /** Brings what a statement changes up to date with the schema. */
  refresh(entry: CachedStatement): void {
    if (entry.schema === this.#schema) return;
    const { writes, writesSearch, repeatable } = tableAccess(this.#handle, entry.statement.source);
    entry.writes = writes;
    entry.writesSearch = writesSearch;
    entry.repeatable = repeatable;
    entry.schema = this.#schema;
  }

  /** The statement that returns integers as bigint. */
  exact(entry: CachedStatement): HandleStatement {
    entry.exact ??= this.#prepare(entry.statement.source).safeIntegers(true);
    return entry.exact;
  }

  /** Forgets every statement and prepares no more. */
  close(): void {
    this.#closed = true;
    this.#entries.clear();
  }

  /** An empty cache for another handle that goes on counting. */
  continueOn(handle: Handle): StatementCache {
    const next = new StatementCache(handle, this.#options);
    next.#hits = this.#hits;
    next.#misses = this.#misses;
    next.#compilations = this.#compilations;
    return next;
  }

  statistics(): StatementStatistics {
    return {
      cached: this.#entries.size,
      hits: this.#hits,
      misses: this.#misses,
      compilations: this.#compilations,
    };
  }

  #add(sql: string): CachedStatement {
    if (this.#closed) throw closedError(this.#options.location);
    this.#misses += 1;
    refuseTransactionVerbs(sql);
    const statement = this.#prepare(sql);
    const { writes, writesSearch, repeatable } = statement.readonly
      ? changesNothing
      : tableAccess(this.#handle, sql);
    const entry = {
      statement,
      readonly: statement.readonly,
      returnsRows: statement.reader,
      selects: statement.readonly && statement.reader,
      usedAt: (this.#tick += 1),
      exact: undefined,
      scans: undefined,
      uses: 0,
      heavy: false,
      writes,
      writesSearch,
      repeatable,
      schema: this.#schema,
      changedIn: 0,
      log: this.#options.queryLog?.statement(sql),
    };
    if (this.#entries.size >= this.#options.statementCacheMax) this.#evict();
    this.#entries.set(sql, entry);
    return entry;
  }

  #prepare(sql: string): HandleStatement {
    this.#compilations += 1;
    try {
      return this.#handle.prepare<unknown[]>(sql) as HandleStatement;
    } catch (cause) {
      throw translateError(cause, { during: "prepare" });
    }
  }

  #evict(): void {
    // A scan over some hundred entries costs less than preparing the statement
    // that makes it necessary, and keeps the way of a hit short.
    let oldest: string | undefined;
    let usedAt = Infinity;
    for (const [sql, entry] of this.#entries) {
      if (entry.usedAt < usedAt) [oldest, usedAt] = [sql, entry.usedAt];
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function refuseTransactionVerbs(sql: string): void {
  const verb = tokenizeSql(sql)
    .find(({ kind }) => kind === "word")
    ?.text.toLowerCase();
  if (verb === undefined || !transactionVerbs.includes(verb)) return;
  throw storageError(
    "storage.statement_invalid",
    `The statement ${verb.toUpperCase()} is not run as SQL text: ` +
      "transactions are begun and ended by the database. Use write or a transaction manager.",
    { details: { verb } },
  );
}
