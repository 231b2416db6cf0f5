import type { MaintenanceReport } from "../../optimizer/query-optimizer.ts";
import { writeTargetOf } from "../../optimizer/write-target.ts";
import { parseSqlTree } from "../../optimizer/sql-tree.ts";
import type { QueryLog } from "../../query-log/query-log.ts";

/** Changed rows in a log after which statistics are looked at before the interval is over. */
const changedRowsMin = 10_000;

/** The log is read at most once in this time, however often somebody asks. */
const lookMs = 10_000;

/** Knows when statistics are to be looked at again. */
export class MaintenanceClock {
  readonly #clock: () => number;
  readonly #intervalMs: number;
  readonly #queryLog: QueryLog | undefined;
  #ranAt: number | undefined;
  #before: number | undefined;
  #lookedAt = 0;
  #changed = 0;

  constructor(options: {
    readonly clock: () => number;
    readonly intervalMs: number;
    readonly queryLog: QueryLog | undefined;
  }) {
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs;
    this.#queryLog = options.queryLog;
  }

  /** Why it is time; from then on it counts as done. */
  take(): MaintenanceReport["reason"] {
    const now = this.#clock();
    const reason = this.#reason(now);
    if (reason === "not due") return reason;
    this.#before = this.#ranAt;
    this.#ranAt = now;
    this.#lookedAt = now;
    this.#changed = this.#changedRows();
    return reason;
  }

  /** What was taken has failed and is due as before. */
  giveBack(): void {
    this.#ranAt = this.#before;
  }

  #reason(now: number): MaintenanceReport["reason"] {
    if (this.#ranAt === undefined) return "first";
    if (now - this.#ranAt >= this.#intervalMs) return "interval";
    if (this.#queryLog === undefined || now - this.#lookedAt < lookMs) return "not due";
    this.#lookedAt = now;
    const changed = this.#changedRows() - this.#changed;
    // After a reset of the log the count begins again.
    if (changed < 0) this.#changed = 0;
    return changed >= changedRowsMin ? "changes" : "not due";
  }

  #changedRows(): number {
    const entries = this.#queryLog?.entries() ?? [];
    return entries.reduce((total, { sql, rows }) => total + (isWrite(sql) ? rows : 0), 0);
  }
}

function isWrite(sql: string): boolean {
  return writeTargetOf(parseSqlTree(sql) ?? []) !== undefined;
}
