import { isName } from "./name.ts";
import type { NoValues } from "../query.ts";
import type { ColumnDefinition } from "../table.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { Simplify, WithTable } from "./scope.ts";
import { selectSql } from "./select-sql.ts";
import { stateOf, type SelectState } from "./select-state.ts";
import { Statement } from "./statement.ts";
import type { Subquery } from "./subquery.ts";
import { rememberWith, type WithState } from "./with-state.ts";

/**
 * Names a query, so that others read it like a table: with `from`, `join`, and
 * under an `alias`. Each statement that reads it begins with it, once.
 *
 * @throws {AtlasError} storage.query_invalid when the query cannot be built.
 */
export function withTable<const Name extends string, Row extends object, Values extends object>(
  name: Name,
  query: Subquery<Row, Values>,
): WithTable<Name, Row, Values> {
  const start = stateIn(query);
  return tableOf<Name, Row, Values>({
    name: checkedName(name),
    columns: columnsOf(start),
    start,
    recursion: undefined,
  });
}

/**
 * Names a query that goes on from its own rows: `start` finds the first ones, and
 * `step` finds the next ones by reading, in an inner join, those found last.
 *
 * Rows that were found before are left out, so circles end; a step that counts
 * with `plus` makes new rows for ever unless a condition bounds the count.
 *
 * @throws {AtlasError} storage.query_invalid when a part cannot be built or they do not fit.
 */
export function withRecursive<
  const Name extends string,
  Row extends object,
  StartValues extends object,
  StepValues extends object,
>(
  name: Name,
  start: Subquery<Row, StartValues>,
  step: (self: WithTable<Name, Row, NoValues>) => Subquery<NoInfer<Row>, StepValues>,
): WithTable<Name, Row, Simplify<StartValues & StepValues>> {
  const first = stateIn(start);
  const columns = columnsOf(first);
  const self = { name: checkedName(name), columns, start: undefined, recursion: undefined };
  const next = stateIn(step(tableOf<Name, Row, NoValues>(self)));
  const state = { name, columns, start: first, recursion: { self, step: next } };
  // Compiled once for what it refuses; a statement that reads it compiles it again.
  const statement = new Statement(selectSql);
  statement.useWith(state);
  statement.withSql();
  return tableOf<Name, Row, Simplify<StartValues & StepValues>>(state);
}

function tableOf<Name extends string, Row extends object, Values extends object>(
  state: WithState,
): WithTable<Name, Row, Values> {
  // `columnsOf` read the columns of Row from the builder that follows the type.
  return rememberWith(Object.freeze({ kind: "with", name: state.name as Name }), state);
}

function stateIn(query: object): SelectState {
  const state = stateOf(query);
  if (state === undefined) throw queryInvalid("with", "it is not a query that reads");
  return state;
}

function checkedName(name: string): string {
  if (isName(name) && !/^sqlite_/i.test(name)) return name;
  throw queryInvalid("with", `${shown(name)} is not an identifier`);
}

function columnsOf(state: SelectState): Readonly<Record<string, ColumnDefinition>> {
  const place = { statement: new Statement(selectSql), outer: [], self: undefined };
  const { selected } = selectSql(state, place);
  const names = selected.map(({ name }) => name.toLowerCase());
  if (new Set(names).size !== names.length) {
    throw queryInvalid("with", "two of its columns differ only in case");
  }
  return Object.fromEntries(selected.map(({ name, column }) => [name, column]));
}
