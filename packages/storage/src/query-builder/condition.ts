import type { Param, ParamValues } from "./param.ts";
import type { ColumnName, Scope, ValueIn } from "./scope.ts";

/** Compares a column with one value. */
export type ComparisonOperator = "eq" | "neq" | "gt" | "gte" | "lt" | "lte";

/** Asks whether a column has a value. */
export type NullOperator = "isNull" | "isNotNull";

/**
 * Every operator that takes a value. `in` takes a list; `like` takes a pattern
 * with `%` and `_`, in which `\` takes their meaning from them.
 */
export type Operator = ComparisonOperator | "in" | "like";

/** What SQL can compare; a json column can only be asked whether it is null. */
type Comparable = string | number | boolean | Uint8Array;

type Compared<Value> = Extract<NonNullable<Value>, Comparable>;

/** The type of the value that goes with an operator. */
export type OperandValue<Value, O extends Operator> = O extends "in"
  ? readonly Exclude<Compared<Value>, Uint8Array>[]
  : O extends "like"
    ? Extract<Compared<Value>, string>
    : Compared<Value>;

/** The value itself or a placeholder for it. */
export type Operand<Value, O extends Operator> = [OperandValue<Value, O>] extends [never]
  ? never
  : OperandValue<Value, O> | Param;

/** One condition on one column. */
export type Condition<S extends Scope> = {
  [Name in ColumnName<S>]:
    | { readonly column: Name; readonly operator: NullOperator; readonly value?: undefined }
    | {
        [O in Operator]: {
          readonly column: Name;
          readonly operator: O;
          readonly value: Operand<ValueIn<S, Name>, O>;
        };
      }[Operator];
}[ColumnName<S>];

/** What one condition makes a query ask for. */
type ConditionValue<S extends Scope, C> = C extends {
  readonly column: infer Name;
  readonly operator: infer O extends Operator;
  readonly value: infer Value;
}
  ? ParamValues<Value, OperandValue<ValueIn<S, Name>, O>>
  : unknown;

/** What a list of conditions makes a query ask for. */
export type ConditionValues<
  S extends Scope,
  List extends readonly unknown[],
> = List extends readonly [infer First, ...infer Rest]
  ? ConditionValue<S, First> & ConditionValues<S, Rest>
  : unknown;

/** A condition as the builder keeps it, whatever its types were. */
export interface AnyCondition {
  readonly column: string;
  readonly operator: Operator | NullOperator;
  readonly value?: unknown;
}

/** Takes the meaning from `%`, `_` and `\` in a text that becomes part of a `like` pattern. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}
