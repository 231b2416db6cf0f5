import type { BlockSource, StatementBlock } from "./statement-blocks.ts";
import { isOperator, isSelect, nameOf, type SqlNodes } from "./sql-tree.ts";

/** Answers the columns of a table by lower-case name, or undefined when there is no such table. */
export type ColumnsOf = (table: string) => { has(column: string): boolean } | undefined;

/** A column that an expression uses. */
export interface ColumnReference {
  readonly source: BlockSource;
  /** As it is written, without quotes. */
  readonly column: string;
}

/**
 * The columns an expression uses, of its block and of those around it; what
 * stands in subqueries of the expression is not looked at.
 */
export function columnReferences(
  nodes: SqlNodes,
  block: StatementBlock,
  columnsOf: ColumnsOf,
): readonly ColumnReference[] {
  const found: ColumnReference[] = [];
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at]!;
    if (node.kind === "group") {
      if (!isSelect(node.nodes)) found.push(...columnReferences(node.nodes, block, columnsOf));
      continue;
    }
    const name = nameOf(node);
    if (name === undefined) continue;
    if (isOperator(nodes[at + 1], ".")) {
      const column = nameOf(nodes[at + 2]);
      const source = sourceNamed(name, block);
      if (source !== undefined && column !== undefined) found.push({ source, column });
      at += 2;
    } else if (nodes[at + 1]?.kind !== "group") {
      const source = sourceWith(name, block, columnsOf);
      if (source !== undefined) found.push({ source, column: name });
    }
  }
  return found;
}

function sourceNamed(name: string, block: StatementBlock): BlockSource | undefined {
  const wanted = name.toLowerCase();
  for (let each: StatementBlock | undefined = block; each !== undefined; each = each.outer) {
    const source = each.sources.find((one) => one.name.toLowerCase() === wanted);
    if (source !== undefined) return source;
  }
  return undefined;
}

function sourceWith(
  column: string,
  block: StatementBlock,
  columnsOf: ColumnsOf,
): BlockSource | undefined {
  const wanted = column.toLowerCase();
  for (let each: StatementBlock | undefined = block; each !== undefined; each = each.outer) {
    const source = each.sources.find(
      ({ table }) => table !== undefined && columnsOf(table.toLowerCase())?.has(wanted) === true,
    );
    if (source !== undefined) return source;
  }
  return undefined;
}
