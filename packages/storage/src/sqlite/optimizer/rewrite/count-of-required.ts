import { columnReferences } from "../../../optimizer/column-references.ts";
import type { StatementBlock } from "../../../optimizer/statement-blocks.ts";
import { lexSql } from "../../../optimizer/sql-lexemes.ts";
import { isOperator, isWord, type SqlNodes, textOfNodes } from "../../../optimizer/sql-tree.ts";
import { quoteIdentifier } from "../../quote-identifier.ts";
import type { SchemaCopy } from "../schema-copy.ts";
import type { TableFacts } from "../schema-facts.ts";
import { columnsIn, type StatementText } from "../statement-text.ts";
import type { Edit, RewriteRule } from "./rewrite-rule.ts";

/**
 * `count(c)` over one table becomes `count(*)` when no row can hold NULL in `c`, and so does
 * `count(DISTINCT c)` when no two rows share it: SQLite then counts entries without reading them.
 */
export const countOfRequired: RewriteRule = Object.freeze({
  name: "count-of-required",
  apply: (statement: StatementText, copy: SchemaCopy) => {
    // A query of WITH may have the name of a table and hold NULL where that cannot.
    if (lexSql(statement.sql).some((lexeme) => isWord(lexeme, "WITH"))) return undefined;
    for (const block of statement.blocks) {
      const [source, second] = block.sources;
      // A subquery beside the one table is a source without a name in this list.
      if (block.verb !== "select" || second !== undefined || hasMoreSources(block)) continue;
      const table = copy.tables.get(source?.table?.toLowerCase() ?? "");
      if (table === undefined || table.virtual) continue;
      for (const result of block.results) {
        const edit = editOf(result, { statement, block, table, copy });
        if (edit !== undefined) return [edit];
      }
    }
    return undefined;
  },
});

interface Place {
  readonly statement: StatementText;
  readonly block: StatementBlock;
  readonly table: TableFacts;
  readonly copy: SchemaCopy;
}

function hasMoreSources({ clauses }: StatementBlock): boolean {
  const from = clauses.get("FROM") ?? [];
  return from.some(
    (node) => isOperator(node, ",", ".") || isWord(node, "JOIN") || node.kind === "group",
  );
}

function editOf(result: SqlNodes, place: Place): Edit | undefined {
  const [count, group, as, name] = result;
  const isNamed = isWord(as, "AS") && name !== undefined && result.length === 4;
  if (!isWord(count, "COUNT") || group?.kind !== "group") return undefined;
  if (result.length !== 2 && !isNamed) return undefined;
  const distinct = isWord(group.nodes[0], "DISTINCT");
  const column = ownColumn(distinct ? group.nodes.slice(1) : group.nodes, place);
  if (column === undefined || !isRequired(column, place.table)) return undefined;
  if (distinct && !isUnique(column, place.table)) return undefined;
  // A result without a name is named by its text: that is kept.
  const { sql } = place.statement;
  const alias = isNamed ? "" : ` AS ${quoteIdentifier(textOfNodes(sql, result))}`;
  return { start: count!.start, end: group.end, text: `count(*)${alias}` };
}

/** The column, in lower case, when that is all there is and it belongs to this block. */
function ownColumn(nodes: SqlNodes, { block, copy }: Place): string | undefined {
  const isColumn = nodes.length === 1 || (nodes.length === 3 && isOperator(nodes[1], "."));
  const [reference] = columnReferences(nodes, block, columnsIn(copy));
  if (!isColumn || reference?.source !== block.sources[0]) return undefined;
  return reference?.column.toLowerCase();
}

function isRequired(column: string, { columns }: TableFacts): boolean {
  return columns.get(column)?.required === true;
}

function isUnique(column: string, { rowColumn, indexes }: TableFacts): boolean {
  if (rowColumn?.toLowerCase() === column) return true;
  return indexes.some(({ unique, partial, columns }) => {
    const [only, second] = columns;
    return unique && !partial && second === undefined && only?.name?.toLowerCase() === column;
  });
}
