import type { IndexDefinition } from "../dialect.ts";
import type { QueryLog } from "../query-log/query-log.ts";

/** SQL text, or anything that carries it, such as a compiled query. */
export type OptimizerQuery = string | { readonly sql: string };

/** What a step of a plan does. */
export type QueryStepType =
  /** Reads a table or an index from its beginning. */
  | "scan"
  /** Finds rows through an index or a key. */
  | "index"
  /** Finds the partners of each row that the steps before it gave. */
  | "join"
  /** Leaves out rows that conditions refuse which no index answers. */
  | "filter"
  /** Puts rows aside to order, group or compare them. */
  | "sort"
  /** Runs another query: once, or for each row when it is correlated. */
  | "subquery"
  /** Changes rows and every index they are in. */
  | "write";

/** One step of a plan. */
export interface QueryStep {
  readonly type: QueryStepType;
  /** The table or its alias; absent for steps that concern none. */
  readonly table?: string;
  readonly index?: string;
  /** Rows that leave the step in one run of the statement. */
  readonly estimatedRows: number;
  /** In the unit of {@link QueryCost}, for one run of the statement. */
  readonly cost: number;
  /** What the database itself says of the step. */
  readonly detail: string;
  /** 0 for the statement, 1 for its subqueries, and so on. */
  readonly depth: number;
}

/** What a statement is expected to cost. */
export interface QueryCost {
  /** One unit is what the next row of a scan costs. Compare totals; do not read times from them. */
  readonly total: number;
  /** The same in milliseconds, roughly, on an ordinary machine with the data in memory. */
  readonly estimatedMs: number;
  /**
   * `analyzed`: from statistics that the database collected. `sampled`: the optimizer looked at
   * some rows of each table without statistics. `none`: the statement reads no table.
   */
  readonly statistics: "analyzed" | "sampled" | "none";
}

/** How the database runs a statement. */
export interface QueryPlan {
  /** In the order in which the database names them. */
  readonly steps: readonly QueryStep[];
  /** Rows that the statement returns or changes. */
  readonly estimatedRows: number;
  /** Names without repetition, in the order of their first use. */
  readonly usedIndexes: readonly string[];
  readonly cost: QueryCost;
}

/** What one statement gains by a suggestion. */
export interface QueryGain {
  readonly sql: string;
  /** Of one run, in the unit of {@link QueryCost}. */
  readonly costBefore: number;
  readonly costAfter: number;
}

/** An index that is missing. */
export interface IndexSuggestion {
  readonly definition: IndexDefinition;
  /** The statement that creates it. */
  readonly sql: string;
  /**
   * Other suggestions without which this one saves nothing, as for the two sides
   * of an OR; the costs and gains are those of all of them.
   */
  readonly together: readonly string[];
  /**
   * Of the whole workload, each statement as often as it ran, with the
   * suggestions before this one in place.
   */
  readonly costBefore: number;
  readonly costAfter: number;
  /** Statements that become cheaper, those that gain most first. */
  readonly gains: readonly QueryGain[];
  readonly estimatedBytes: number;
  /** What each row inserted, deleted, or changed in an indexed column costs more. */
  readonly writeCost: number;
}

/** An index that does nothing another one does not do, or nothing at all. */
export interface RedundantIndex {
  readonly name: string;
  readonly table: string;
  /** `prefix`: another index begins with its columns. `unused`: no statement of the log uses it. */
  readonly reason: "prefix" | "unused";
  /** The index that serves instead; only for `prefix`. */
  readonly servedBy?: string;
  /** The statement that removes it. */
  readonly sql: string;
}

/** What {@link QueryOptimizer.suggestIndexes} has found. */
export interface IndexAdvice {
  /** Worth creating, those that save most first. */
  readonly create: readonly IndexSuggestion[];
  /** Worth dropping. `unused` is only as good as the log is complete. */
  readonly drop: readonly RedundantIndex[];
  readonly costBefore: number;
  readonly costAfter: number;
  readonly statistics: QueryCost["statistics"];
  /** Statements that could not be planned, such as those on tables that are gone. */
  readonly skipped: readonly string[];
}

/** A statement in another form with the same answer. */
export interface RewrittenQuery {
  /** The text to run; the given one when no rule pays. Its placeholders are the same, in order. */
  readonly sql: string;
  /** Names of the rules that were applied. */
  readonly rules: readonly string[];
  readonly costBefore: number;
  readonly costAfter: number;
}

/** What {@link QueryOptimizer.maintain} did. */
export interface MaintenanceReport {
  readonly ran: boolean;
  /** Why it ran, or why not. */
  readonly reason: "first" | "interval" | "changes" | "not due";
  /** Statements the database ran to bring its statistics up to date. */
  readonly statements: readonly string[];
  readonly durationMs: number;
}

/**
 * Says how statements run, what they cost and what would make them cheaper.
 *
 * It reads the schema and the statistics, never values of rows into an answer,
 * and changes nothing but in {@link QueryOptimizer.maintain}.
 */
export interface QueryOptimizer extends Disposable {
  /**
   * The plan of a statement, with any values for its placeholders.
   *
   * @throws {AtlasError} storage.statement_invalid when the database cannot compile it.
   */
  analyze(query: OptimizerQuery): Promise<QueryPlan>;
  /** What one run costs; see {@link analyze}. */
  estimateCost(query: OptimizerQuery): Promise<QueryCost>;
  /**
   * Indexes that would make a workload cheaper, and indexes it does not need.
   * Each suggestion is proven: the database was shown a copy of its schema with
   * the index and used it. A list of statements counts each as one run.
   */
  suggestIndexes(workload: QueryLog | readonly OptimizerQuery[]): Promise<IndexAdvice>;
  /** A cheaper form of a statement with the same rows, in the same order where it asks for one. */
  rewrite(query: OptimizerQuery): Promise<RewrittenQuery>;
  /**
   * Brings statistics up to date when that is due: at the first call, then at
   * intervals, and earlier when the log shows many changed rows. Call it from
   * time to time; calls that are not due cost nothing.
   */
  maintain(): Promise<MaintenanceReport>;
}
