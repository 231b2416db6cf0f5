import type { QueryStep, QueryStepType } from "../../optimizer/query-optimizer.ts";
import { sortCost } from "./cost-model.ts";
import type { PlanEnd } from "./plan-end.ts";
import type { PlanNode } from "./plan-tree.ts";

/** How often and for what a part of a plan runs. */
export interface Frame {
  readonly depth: number;
  readonly times: number;
  /** Ends with its first row, as EXISTS and a subquery in an expression do. */
  readonly firstOnly: boolean;
}

/** What one level of a plan comes to. */
export interface Level {
  readonly cost: number;
  readonly rows: number;
  readonly steps: readonly QueryStep[];
}

/** A line that puts rows aside. */
export function sortLevel(
  node: PlanNode,
  at: { readonly rows: number; readonly end: PlanEnd; readonly frame: Frame },
): Level {
  const { rows, end, frame } = at;
  // Only the last columns are unordered: few rows are put in order at a time.
  const cost = /LAST/.test(node.detail) ? 2 * rows * end.share : sortCost(rows, end.limit);
  const step = stepOf("sort", { detail: node.detail, rows: end.rows, cost }, frame);
  return { cost: step.cost, rows: end.rows, steps: [step] };
}

/** A step of loops that end before their rows do. */
export function scaled(step: QueryStep, { share }: PlanEnd): QueryStep {
  return share === 1
    ? step
    : { ...step, cost: step.cost * share, estimatedRows: step.estimatedRows * share };
}

/** One step, for all the times it runs. */
export function stepOf(
  type: QueryStepType,
  of: {
    readonly detail: string;
    readonly rows: number;
    readonly cost: number;
    readonly table?: string;
    readonly index?: string;
  },
  { depth, times }: Frame,
): QueryStep {
  const { detail, rows, cost, ...names } = of;
  return { type, ...names, estimatedRows: rows * times, cost: cost * times, detail, depth };
}

/** The total. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
