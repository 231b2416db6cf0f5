import type { ValueOf } from "../table.ts";
import type { Aggregate, AggregateIn, AggregateValue } from "./aggregate.ts";
import type { Constant } from "./constant.ts";
import type { ColumnSum } from "./plus.ts";
import type { ColumnName, NameOf, Scope, ValueIn } from "./scope.ts";
import type { UnsafeExpression } from "./unsafe-expression.ts";

/** A value that a query computes. */
export type Expression<S extends Scope> =
  | AggregateIn<S>
  | ColumnSum<NameOf<S, number>>
  | Constant
  | UnsafeExpression;

/** A column, or columns and computed values under names of the caller's choice. */
export type Selection<S extends Scope> =
  | ColumnName<S>
  | { readonly [Name in string]: ColumnName<S> | Expression<S> };

type ExpressionValue<S extends Scope, E> = E extends string
  ? ValueIn<S, E>
  : E extends Aggregate
    ? AggregateValue<S, E>
    : E extends ColumnSum<infer Column>
      ? ValueIn<S, Column>
      : E extends Constant<infer Value>
        ? Value
        : E extends UnsafeExpression<infer Type>
          ? ValueOf<{ readonly type: Type; readonly nullable: true }>
          : never;

type LastName<Name extends string> = Name extends `${string}.${infer Column}` ? Column : Name;

type SelectedBy<S extends Scope, Item> = Item extends string
  ? { readonly [Key in LastName<Item>]: ValueIn<S, Item> }
  : { readonly [Key in keyof Item]: ExpressionValue<S, Item[Key]> };

/** The row that a list of selections makes. */
export type SelectedRow<
  S extends Scope,
  Items extends readonly unknown[],
> = Items extends readonly [infer First, ...infer Rest]
  ? SelectedBy<S, First> & SelectedRow<S, Rest>
  : unknown;
