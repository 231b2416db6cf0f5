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
import { estimatedRows, tableAccess } from "./table-access.ts";
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
  uses: number;
  /** As it was last estimated: it visits so many rows that it should not run on this thread. */
  heavy: boolean;
  /** Tables it may change; empty for one that changes nothing. */
  readonly writes: TableSet;
  /** Where its runs are recorded. */
  readonly log: StatementLog | undefined;
}

const nothing: TableSet = new Set();

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
   * True when a query is so large that it belongs on another thread. Tables
   * grow, so it is estimated anew at its 1st, 2nd, 4th … use and every 256.
   */
  isHeavy(entry: CachedStatement): boolean {
    const uses = (entry.uses += 1);
    if ((uses & (uses - 1)) !== 0 && uses % 256 !== 0) return entry.heavy;
    const { scanRowsMin } = this.#options;
    if (scanRowsMin === 0 || !entry.selects) return false;
    const { scans } = tableAccess(this.#handle, entry.statement.source);
    entry.heavy = [...scans].some((table) => estimatedRows(this.#handle, table) >= scanRowsMin);
    return entry.heavy;
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
    const entry = {
      statement,
      readonly: statement.readonly,
      returnsRows: statement.reader,
      selects: statement.readonly && statement.reader,
      usedAt: (this.#tick += 1),
      exact: undefined,
      uses: 0,
      heavy: false,
      writes: statement.readonly ? nothing : tableAccess(this.#handle, sql).writes,
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
