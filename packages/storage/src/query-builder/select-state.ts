import type { Aggregate } from "./aggregate.ts";
import type { NullOperator, Operator } from "./condition.ts";
import type { NamedTable } from "./column-resolver.ts";
import type { ConditionNode } from "./condition-node.ts";
import type { Param } from "./param.ts";
import type { JoinKind } from "./query-builder.ts";

/** Everything a query that reads was given. */
export interface SelectState {
  readonly tables: readonly NamedTable[];
  readonly joins: readonly JoinState[];
  readonly items: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly distinct: boolean;
  readonly conditions: readonly ConditionNode[];
  readonly groupBy: readonly string[];
  readonly having: readonly HavingState[];
  readonly orderBy: readonly OrderState[];
  readonly limit: number | Param | undefined;
  readonly offset: number | Param | undefined;
}

/** One join as it was given. */
export interface JoinState {
  readonly kind: JoinKind;
  readonly table: NamedTable;
  readonly on: readonly (readonly [left: string, right: string])[];
}

/** One condition on groups as it was given. */
export interface HavingState {
  readonly aggregate: Aggregate;
  readonly operator: Operator | NullOperator;
  readonly value: unknown;
}

/** One term of the order as it was given. */
export interface OrderState {
  readonly term: unknown;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last" | undefined;
}

// Beside the builders, not in them: what a builder was given is nobody's to change,
// and an object that only looks like one is not one.
const states = new WeakMap<object, SelectState>();

/** Lets other queries find what this builder was given. */
export function rememberState<Builder extends object>(
  builder: Builder,
  state: SelectState,
): Builder {
  states.set(builder, state);
  return builder;
}

/** What a builder was given, or undefined for anything that is not one. */
export function stateOf(value: unknown): SelectState | undefined {
  return typeof value === "object" && value !== null ? states.get(value) : undefined;
}
