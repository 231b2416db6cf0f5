import { checkOptions } from "@atlas/errors";
import { DurationHistogram } from "./duration-histogram.ts";
import { normalizeSql } from "./normalize-sql.ts";
import type { QueryLog, QueryLogEntry, StatementLog } from "./query-log.ts";

/** How {@link createQueryLog} bounds what it keeps. */
export interface QueryLogOptions {
  /**
   * Different statements kept, 1 to 100,000, at one to two KiB each. Default: 1,000. When there
   * are more, those that took the least time in sum are left out; they come back when their time
   * exceeds that of one that is kept.
   */
  readonly statementsMax?: number;
}

/** Different statements kept by default. */
export const queryLogStatementsMax = 1_000;

/** Statements with longer texts, in characters, are not recorded. */
export const queryLogTextLengthMax = 32_768;

/** Statements that begin with this are not recorded: those of the optimizer, which reads the log. */
export const unloggedMark = "/* atlas: not logged */ ";

/** Creates a query log in memory. */
export function createQueryLog(options: QueryLogOptions = {}): QueryLog {
  checkOptions<QueryLogOptions>("createQueryLog", options, {
    statementsMax: { min: 1, max: 100_000 },
  });
  return new MemoryQueryLog(options.statementsMax ?? queryLogStatementsMax);
}

/** What has been counted for one text; `kept` while the log's entries hold it. */
class Counts {
  readonly text: string;
  readonly sql: string;
  readonly epoch: number;
  readonly histogram: DurationHistogram = new DurationHistogram();
  kept = false;
  runs = 0;
  rows = 0;
  totalMs = 0;
  maxMs = 0;

  constructor(text: string, sql: string, epoch: number) {
    this.text = text;
    this.sql = sql;
    this.epoch = epoch;
  }

  record(durationMs: number, rows: number): void {
    this.runs += 1;
    this.rows += rows;
    this.totalMs += durationMs;
    if (durationMs > this.maxMs) this.maxMs = durationMs;
    this.histogram.record(durationMs);
  }

  add(other: Counts): void {
    this.runs += other.runs;
    this.rows += other.rows;
    this.totalMs += other.totalMs;
    this.maxMs = Math.max(this.maxMs, other.maxMs);
    this.histogram.add(other.histogram);
  }
}

class MemoryQueryLog implements QueryLog {
  readonly #statementsMax: number;
  readonly #kept = new Map<string, Counts>();
  // Totals only grow, so the least of them, once found, stays a lower bound.
  #leastMs = 0;
  #epoch = 0;

  constructor(statementsMax: number) {
    this.#statementsMax = statementsMax;
  }

  statement(sql: string): StatementLog {
    if (sql.length > queryLogTextLengthMax || sql.startsWith(unloggedMark)) return notRecorded;
    const text = textOf(sql);
    let counts = new Counts(text, sql, this.#epoch);
    return {
      record: (durationMs, rows) => {
        counts.record(durationMs, rows);
        if (!counts.kept) counts = this.#offer(counts, { durationMs, rows });
      },
    };
  }

  entries(): readonly QueryLogEntry[] {
    return Array.from(this.#kept.values(), entryOf).toSorted((a, b) => b.totalMs - a.totalMs);
  }

  reset(): void {
    for (const counts of this.#kept.values()) counts.kept = false;
    this.#kept.clear();
    this.#leastMs = 0;
    this.#epoch += 1;
  }

  /** Keeps what a statement has counted if there is room or its time deserves it. */
  #offer(offered: Counts, last: { readonly durationMs: number; readonly rows: number }): Counts {
    let counts = offered;
    if (counts.epoch !== this.#epoch) {
      // Counted before a reset, but for the last run.
      counts = new Counts(offered.text, offered.sql, this.#epoch);
      counts.record(last.durationMs, last.rows);
    }
    const same = this.#kept.get(counts.text);
    if (same !== undefined) {
      same.add(counts);
      return same;
    }
    if (this.#kept.size >= this.#statementsMax && !this.#makeRoom(counts.totalMs)) return counts;
    counts.kept = true;
    this.#kept.set(counts.text, counts);
    return counts;
  }

  #makeRoom(totalMs: number): boolean {
    if (totalMs <= this.#leastMs) return false;
    let least: Counts | undefined;
    for (const counts of this.#kept.values()) {
      if (least === undefined || counts.totalMs < least.totalMs) least = counts;
    }
    if (least === undefined) return true;
    this.#leastMs = least.totalMs;
    if (totalMs <= least.totalMs) return false;
    least.kept = false;
    this.#kept.delete(least.text);
    return true;
  }
}

const notRecorded: StatementLog = Object.freeze({ record: () => undefined });

function textOf(sql: string): string {
  try {
    return normalizeSql(sql);
  } catch {
    // A text with forms of placeholders that Atlas does not use; recording never throws.
    return sql;
  }
}

function entryOf(counts: Counts): QueryLogEntry {
  const { text, sql, runs, rows, totalMs, maxMs, histogram } = counts;
  const quantile = (share: number): number => Math.min(histogram.quantile(share), maxMs);
  return Object.freeze({
    text,
    sql,
    runs,
    rows,
    totalMs,
    maxMs,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  });
}
