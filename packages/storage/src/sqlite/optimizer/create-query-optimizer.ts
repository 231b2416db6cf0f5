import { checkOptions } from "@atlas/errors";
import type { Connection } from "../../connection.ts";
import type { Database } from "../../database.ts";
import type {
  IndexAdvice,
  MaintenanceReport,
  OptimizerQuery,
  QueryCost,
  QueryOptimizer,
  QueryPlan,
  RewrittenQuery,
} from "../../optimizer/query-optimizer.ts";
import type { QueryLog } from "../../query-log/query-log.ts";
import { millisecondsPerUnit } from "./cost-model.ts";
import { measureShares } from "./measure-shares.ts";
import { MaintenanceClock } from "./maintenance-clock.ts";
import { type RunWrite, updateStatistics } from "./maintain-statistics.ts";
import { type PricedPlan, pricePlan } from "./price-plan.ts";
import { redundantIndexes } from "./redundant-indexes.ts";
import { rewriteStatement } from "./rewrite/rewrite-statement.ts";
import { readStatement } from "./statement-text.ts";
import { suggestIndexes } from "./suggest-indexes.ts";
import { SchemaSource } from "./schema-source.ts";
import { costOf, readWorkload } from "./workload.ts";

/** How {@link createQueryOptimizer} works. */
export interface QueryOptimizerOptions {
  /** Tells `maintain` how many rows have changed. Default: it goes by time alone. */
  readonly queryLog?: QueryLog;
  /**
   * Runs what `maintain` does to the database. Needed when a transaction
   * manager owns the writer. Default: `database.write`.
   */
  readonly write?: <T>(body: (connection: Connection) => Promise<T>) => Promise<T>;
  /** Time between two runs of `maintain`, 1,000 to 604,800,000 ms. Default: 3,600,000. */
  readonly maintainIntervalMs?: number;
  /** Time for which sampled statistics are used, up to 86,400,000 ms. Default: 60,000. */
  readonly sampleAgeMsMax?: number;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Numbers from 0 up to 1, for the choice of sampled rows. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The defaults of {@link QueryOptimizerOptions}. */
export const queryOptimizerDefaults: Readonly<{
  maintainIntervalMs: number;
  sampleAgeMsMax: number;
}> = Object.freeze({ maintainIntervalMs: 3_600_000, sampleAgeMsMax: 60_000 });

/** Creates an optimizer for an open SQLite database; dispose of it before or after the database. */
export function createQueryOptimizer(
  database: Database,
  options: QueryOptimizerOptions = {},
): QueryOptimizer {
  checkOptions<QueryOptimizerOptions>("createQueryOptimizer", options, {
    queryLog: "any",
    write: "any",
    maintainIntervalMs: { min: 1_000, max: 604_800_000 },
    sampleAgeMsMax: { min: 0, max: 86_400_000 },
    clock: "any",
    random: "any",
  });
  return new SqliteQueryOptimizer(database, options);
}

class SqliteQueryOptimizer implements QueryOptimizer {
  readonly #random: () => number;
  readonly #clock: () => number;
  readonly #write: RunWrite;
  readonly #source: SchemaSource;
  readonly #due: MaintenanceClock;

  constructor(database: Database, options: QueryOptimizerOptions) {
    this.#random = options.random ?? Math.random;
    this.#clock = options.clock ?? ((): number => performance.now());
    this.#write = options.write ?? ((body) => database.write(body));
    this.#source = new SchemaSource(database, {
      clock: this.#clock,
      random: this.#random,
      sampleAgeMsMax: options.sampleAgeMsMax ?? queryOptimizerDefaults.sampleAgeMsMax,
    });
    this.#due = new MaintenanceClock({
      clock: this.#clock,
      intervalMs: options.maintainIntervalMs ?? queryOptimizerDefaults.maintainIntervalMs,
      queryLog: options.queryLog,
    });
  }

  async analyze(query: OptimizerQuery): Promise<QueryPlan> {
    const statement = readStatement(query);
    return this.#source.use(async ({ copy, sampled, samples }) => {
      await measureShares(copy, statement, samples);
      return planFrom(pricePlan(copy, statement), sampled);
    });
  }

  async estimateCost(query: OptimizerQuery): Promise<QueryCost> {
    return (await this.analyze(query)).cost;
  }

  async suggestIndexes(workload: QueryLog | readonly OptimizerQuery[]): Promise<IndexAdvice> {
    // A copy of its own: what is tried out there must not be seen by other calls.
    const { copy, sampled, samples } = await this.#source.freshCopy();
    using ownCopy = copy;
    const read = await readWorkload(ownCopy, workload, samples);
    const costBefore = costOf(read.items);
    const used = new Set(read.items.flatMap(({ plan }) => plan.usedIndexes));
    const create = await suggestIndexes(ownCopy, read, samples);
    const costAfter = costOf(read.items);
    const suggested = new Set(create.map(({ definition }) => definition.name));
    const drop = redundantIndexes(ownCopy, read, used).filter(({ name }) => !suggested.has(name));
    const statistics = read.items.length === 0 ? "none" : sampled ? "sampled" : "analyzed";
    return { create, drop, costBefore, costAfter, statistics, skipped: read.skipped };
  }

  async rewrite(query: OptimizerQuery): Promise<RewrittenQuery> {
    const statement = readStatement(query);
    return this.#source.use(async ({ copy, samples }) => {
      await measureShares(copy, statement, samples);
      return rewriteStatement(copy, statement);
    });
  }

  async maintain(): Promise<MaintenanceReport> {
    const reason = this.#due.take();
    if (reason === "not due") return { ran: false, reason, statements: [], durationMs: 0 };
    const startedAt = this.#clock();
    try {
      const statements = await updateStatistics(this.#write);
      return { ran: true, reason, statements, durationMs: this.#clock() - startedAt };
    } catch (error) {
      this.#due.giveBack();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

function planFrom(plan: PricedPlan, sampled: boolean): QueryPlan {
  return Object.freeze({
    steps: Object.freeze(plan.steps),
    estimatedRows: plan.rows,
    usedIndexes: Object.freeze(plan.usedIndexes),
    cost: costFrom(plan, sampled),
  });
}

function costFrom({ total, tables }: PricedPlan, sampled: boolean): QueryCost {
  return Object.freeze({
    total,
    estimatedMs: total * millisecondsPerUnit,
    statistics: tables.size === 0 ? "none" : sampled ? "sampled" : "analyzed",
  });
}
