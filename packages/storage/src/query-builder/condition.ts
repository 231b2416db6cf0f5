import type { ColumnReference } from "./column-reference.ts";
import type { Param, ParamValues } from "./param.ts";
import type { Outer } from "./query-builder.ts";
import type { ColumnName, Compared, NameOf, Scope, ValueIn } from "./scope.ts";
import type { ColumnQuery, Subquery, SubqueryValues } from "./subquery.ts";

/** Compares a column with one value. */
export type ComparisonOperator = "eq" | "neq" | "gt" | "gte" | "lt" | "lte";

/** Asks whether a column has a value. */
export type NullOperator = "isNull" | "isNotNull";

/** Asks whether a value is among those of a list or of a query. */
export type ListOperator = "in" | "notIn";

/**
 * Compares with a pattern of `%` and `_`, in which `\` takes their meaning from
 * them. Which letters are the same regardless of case depends on the database.
 */
export type PatternOperator = "like" | "notLike";

/** Every operator that takes a value. `between` takes a pair and includes both. */
export type Operator = ComparisonOperator | ListOperator | PatternOperator | "between";

/** The type of the value that goes with an operator. */
export type OperandValue<Value, O extends Operator> = O extends ListOperator
  ? readonly Exclude<Compared<Value>, Uint8Array>[]
  : O extends PatternOperator
    ? Extract<Compared<Value>, string>
    : Compared<Value>;

/**
 * What may stand beside an operator: the value itself or a placeholder for it;
 * for comparisons also a column of the same type, for lists a query of one.
 */
export type Operand<S extends Scope, Value, O extends Operator> = [OperandValue<Value, O>] extends [
  never,
]
  ? never
  : O extends "between"
    ? readonly [Compared<Value> | Param, Compared<Value> | Param]
    : OperandValue<Value, O> | Param | OtherOperand<S, Value, O>;

type OtherOperand<S extends Scope, Value, O extends Operator> = O extends ComparisonOperator
  ? ColumnReference<NameOf<S, Compared<Value>>>
  : O extends "in"
    ? ColumnQuery<Exclude<Compared<Value>, Uint8Array> | null>
    : O extends "notIn"
      ? ColumnQuery<Exclude<Compared<Value>, Uint8Array>>
      : never;

/** What an operand makes a query ask for. */
export type OperandValues<Value, O extends Operator, Given> = O extends "between"
  ? Given extends readonly [infer Low, infer High]
    ? ParamValues<Low, Compared<Value>> & ParamValues<High, Compared<Value>>
    : unknown
  : ParamValues<Given, OperandValue<Value, O>> & SubqueryValues<Given>;

/** A query that may name the columns of the one it stands in, as `outer` begins it. */
export type Correlated<S extends Scope> = (outer: Outer<S>) => Subquery<object, never>;

/** One condition on one column. */
export type ColumnCondition<S extends Scope> = {
  [Name in ColumnName<S>]:
    | { readonly column: Name; readonly operator: NullOperator; readonly value?: undefined }
    | {
        [O in Operator]: {
          readonly column: Name;
          readonly operator: O;
          readonly value: Operand<S, ValueIn<S, Name>, O>;
        };
      }[Operator];
}[ColumnName<S>];

/** A condition on one column, a group of conditions, or a question for rows elsewhere. */
export type Condition<S extends Scope> =
  | ColumnCondition<S>
  | { readonly all: readonly Condition<S>[] }
  | { readonly any: readonly Condition<S>[] }
  | { readonly exists: Correlated<S> }
  | { readonly notExists: Correlated<S> };

/** What one condition makes a query ask for. */
type ConditionValue<S extends Scope, C> = C extends {
  readonly column: infer Name;
  readonly operator: infer O extends Operator;
  readonly value: infer Given;
}
  ? OperandValues<ValueIn<S, Name>, O, Given>
  : C extends { readonly all: infer List extends readonly unknown[] }
    ? ConditionValues<S, List>
    : C extends { readonly any: infer List extends readonly unknown[] }
      ? ConditionValues<S, List>
      : C extends { readonly exists: (outer: never) => infer Inner }
        ? SubqueryValues<Inner>
        : C extends { readonly notExists: (outer: never) => infer Inner }
          ? SubqueryValues<Inner>
          : unknown;

/** What a list of conditions makes a query ask for. */
export type ConditionValues<
  S extends Scope,
  List extends readonly unknown[],
> = List extends readonly [infer First, ...infer Rest]
  ? ConditionValue<S, First> & ConditionValues<S, Rest>
  : unknown;

/** Takes the meaning from `%`, `_` and `\` in a text that becomes part of a `like` pattern. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}
