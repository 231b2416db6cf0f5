/** The usual maintained columns, made from names instead of SQL. */
import type { AffectingChange, MaintainedColumnDeclaration } from "./index-declaration.ts";
import { literal, quoted } from "./quoted.ts";

/** What every maintained column is told. */
export interface ColumnPlace {
  readonly name: string;
  readonly table: string;
  /** The column that is kept. */
  readonly column: string;
  /** The primary key of the table. */
  readonly key: string;
}

/** Which rows are finished. */
export interface FinishedRows {
  /** The column with the status. */
  readonly status: string;
  /** The statuses of finished rows. */
  readonly finished: readonly string[];
}

/** Rows that wait for others. */
export interface DependencyColumn extends ColumnPlace, FinishedRows {
  readonly edges: {
    readonly table: string;
    /** Holds the key of the row that waits. */
    readonly from: string;
    /** Holds the key of the row it waits for. */
    readonly to: string;
  };
}

/** Rows in a tree. */
export interface ChildColumn extends ColumnPlace {
  /** Holds the key of the row above; null at the top. */
  readonly parent: string;
}

/** Counts over everything below a row. */
export interface DescendantColumn extends ColumnPlace {
  readonly parent: string;
  /**
   * The column with the path of `hierarchy`, which may then be counted by. The column is not
   * recomputed by changes then: whoever writes the rows keeps it, and `verify` compares it.
   * Default: counted from the direct children, and kept by `batchUpdate`.
   */
  readonly path?: string;
}

/** Keeps how many rows a row waits for that are not finished. */
export function unfinishedDependencies(definition: DependencyColumn): MaintainedColumnDeclaration {
  const { table, key, status, edges } = definition;
  const [from, to] = [`edge.${quoted(edges.from)}`, `edge.${quoted(edges.to)}`];
  return {
    ...placeOf(definition),
    expression:
      `SELECT count(*) FROM ${quoted(edges.table)} AS edge ` +
      `JOIN ${quoted(table)} AS other ON other.${quoted(key)} = ${to} ` +
      `WHERE ${from} = self.${quoted(key)} AND ${unfinished(definition)}`,
    affectedBy: [
      { table: edges.table, via: edges.from },
      {
        table,
        columns: [status],
        via: key,
        through: { table: edges.table, match: edges.to, key: edges.from },
      },
    ],
  };
}

/** Keeps how many direct children a row has. */
export function childCount(definition: ChildColumn): MaintainedColumnDeclaration {
  return {
    ...placeOf(definition),
    expression: `SELECT count(*) ${children(definition)}`,
    affectedBy: [byParent(definition, [])],
  };
}

/** Keeps how many direct children of a row are not finished. */
export function unfinishedChildren(
  definition: ChildColumn & FinishedRows,
): MaintainedColumnDeclaration {
  return {
    ...placeOf(definition),
    expression: `SELECT count(*) ${children(definition)} AND ${unfinished(definition)}`,
    affectedBy: [byParent(definition, [definition.status])],
  };
}

/** Keeps how many rows are below a row. */
export function descendantCount(definition: DescendantColumn): MaintainedColumnDeclaration {
  const { column, path } = definition;
  if (path !== undefined) {
    return { ...placeOf(definition), expression: `SELECT count(*) ${below(definition, path)}` };
  }
  return {
    ...placeOf(definition),
    expression: `SELECT coalesce(sum(other.${quoted(column)} + 1), 0) ${children(definition)}`,
    affectedBy: [byParent(definition, [column])],
  };
}

/** Keeps how many rows below a row are finished. */
export function finishedDescendants(
  definition: DescendantColumn & FinishedRows,
): MaintainedColumnDeclaration {
  const { column, path, status } = definition;
  const isFinished = `other.${quoted(status)} IN (${list(definition)})`;
  if (path !== undefined) {
    const expression = `SELECT count(*) ${below(definition, path)} AND ${isFinished}`;
    return { ...placeOf(definition), expression };
  }
  return {
    ...placeOf(definition),
    expression:
      `SELECT coalesce(sum(other.${quoted(column)} + (${isFinished})), 0) ` + children(definition),
    affectedBy: [byParent(definition, [column, status])],
  };
}

/** Keeps the share of `total` that is `finished`, in whole percent; null while `total` is 0. */
export function progress(
  definition: ColumnPlace & { readonly finished: string; readonly total: string },
): MaintainedColumnDeclaration {
  const { table, key, finished, total } = definition;
  const [part, whole] = [finished, total].map((column) => `self.${quoted(column)}`);
  return {
    ...placeOf(definition),
    expression: `CASE WHEN ${whole} > 0 THEN ${part} * 100 / ${whole} END`,
    affectedBy: [{ table, columns: [finished, total], via: key }],
  };
}

/** Keeps the path of `hierarchy`: the path of the row above, `/`, and the row's own segment. */
export function hierarchyPath(
  definition: ChildColumn & { readonly segment: string },
): MaintainedColumnDeclaration {
  const { table, key, column, parent, segment } = definition;
  return {
    ...placeOf(definition),
    expression:
      `coalesce((SELECT other.${quoted(column)} || '/' FROM ${quoted(table)} AS other ` +
      `WHERE other.${quoted(key)} = self.${quoted(parent)}), '') || self.${quoted(segment)}`,
    affectedBy: [
      { table, columns: [parent, segment], via: key },
      { table, columns: [column], via: key, through: { table, match: parent, key } },
    ],
  };
}

function placeOf({
  name,
  table,
  column,
  key,
}: ColumnPlace): Omit<MaintainedColumnDeclaration, "expression"> {
  return { kind: "maintained", name, table, column, key };
}

function children({ table, key, parent }: ChildColumn): string {
  return `FROM ${quoted(table)} AS other WHERE other.${quoted(parent)} = self.${quoted(key)}`;
}

function below({ table }: ColumnPlace, path: string): string {
  const [other, self] = [`other.${quoted(path)}`, `self.${quoted(path)}`];
  return (
    `FROM ${quoted(table)} AS other ` +
    `WHERE ${other} >= ${self} || '/' AND ${other} < ${self} || '0'`
  );
}

function byParent({ table, parent }: ChildColumn, columns: readonly string[]): AffectingChange {
  return { table, columns: [parent, ...columns], via: parent };
}

function unfinished(definition: FinishedRows): string {
  return `other.${quoted(definition.status)} NOT IN (${list(definition)})`;
}

function list({ finished }: FinishedRows): string {
  return finished.map(literal).join(", ");
}
