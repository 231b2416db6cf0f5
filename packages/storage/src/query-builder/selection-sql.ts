import { isName } from "./name.ts";
import type { ColumnDefinition } from "../table.ts";
import type { ColumnResolver } from "./column-resolver.ts";
import { expressionSql } from "./expression-sql.ts";
import { optionalTables } from "./from-sql.ts";
import { summedColumn } from "./plus.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { SelectState } from "./select-state.ts";
import type { SqlPart } from "./sql-part.ts";

/** Columns a result may have. */
const selectedMax = 500;

/** One column of the result. */
export interface Selected extends SqlPart {
  readonly name: string;
  /** What kind of column it is for whoever reads the result. */
  readonly column: ColumnDefinition;
  /** The columns that it is computed from row by row; undefined for aggregates. */
  readonly plain: readonly string[] | undefined;
}

/** Compiles every column of the result. */
export function selectedColumns(state: SelectState, columns: ColumnResolver): readonly Selected[] {
  const optional = optionalTables(state);
  const selected = state.items.flatMap((item) => {
    if (typeof item === "string") return [selectedValue(undefined, item, { columns, optional })];
    if (typeof item !== "object" || item === null) {
      throw queryInvalid("select", `${shown(item)} is not a column`);
    }
    return Object.entries(item).map(([name, value]) =>
      selectedValue(name, value, { columns, optional }),
    );
  });
  if (selected.length === 0) throw queryInvalid("select", "no column is selected");
  if (selected.length > selectedMax) {
    throw queryInvalid("select", `more than ${selectedMax} columns are selected`);
  }
  const names = new Set<string>();
  for (const { name } of selected) {
    if (names.has(name)) {
      throw queryInvalid("select", `two columns are named ${shown(name)}; rename one`);
    }
    names.add(name);
  }
  return selected;
}

/**
 * Refuses columns of which a group has several values: SQLite would take the
 * one of some row.
 */
export function refuseUngrouped(selected: readonly Selected[], grouped: readonly string[]): void {
  const aggregates = selected.some(({ plain }) => plain === undefined);
  if (!aggregates && grouped.length === 0) return;
  const loose = selected.find(({ plain }) => plain?.some((sql) => !grouped.includes(sql)) === true);
  if (loose === undefined) return;
  throw queryInvalid(
    "groupBy",
    `the selected column ${shown(loose.name)} is not among its columns`,
  );
}

interface SelectionPlace {
  readonly columns: ColumnResolver;
  readonly optional: ReadonlySet<string>;
}

function selectedValue(
  name: string | undefined,
  value: unknown,
  { columns, optional }: SelectionPlace,
): Selected {
  if (name !== undefined && !isName(name)) {
    throw queryInvalid("select", `${shown(name)} cannot name a column`);
  }
  if (typeof value !== "string") {
    const expression = expressionSql(value, columns, "select");
    const summed = summedColumn(value);
    const mayMiss = summed !== undefined && optional.has(columns.resolve(summed, "select").alias);
    const column = mayMiss ? { ...expression.column, nullable: true } : expression.column;
    // Only named values are anything but strings.
    return { ...expression, name: name!, column };
  }
  const resolved = columns.resolve(value, "select");
  const { type } = resolved.column;
  const nullable = resolved.column.nullable === true || optional.has(resolved.alias);
  return {
    name: name ?? resolved.name,
    sql: resolved.sql,
    params: [],
    column: { type, nullable },
    plain: [resolved.sql],
  };
}
