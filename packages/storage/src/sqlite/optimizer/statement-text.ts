import { storageError } from "../../errors.ts";
import { type ColumnsOf } from "../../optimizer/column-references.ts";
import type { OptimizerQuery } from "../../optimizer/query-optimizer.ts";
import { readBlocks, type StatementBlock } from "../../optimizer/statement-blocks.ts";
import { parseSqlTree, type SqlNodes } from "../../optimizer/sql-tree.ts";
import { type WriteTarget, writeTargetOf } from "../../optimizer/write-target.ts";
import type { SchemaCopy } from "./schema-copy.ts";

/** A statement with what its text tells. */
export interface StatementText {
  readonly sql: string;
  readonly nodes: SqlNodes;
  readonly blocks: readonly StatementBlock[];
  readonly writes: WriteTarget | undefined;
}

/**
 * Reads the text of a statement.
 *
 * @throws {AtlasError} storage.statement_invalid when its parentheses do not match.
 */
export function readStatement(query: OptimizerQuery): StatementText {
  const sql = typeof query === "string" ? query : query.sql;
  const nodes = parseSqlTree(sql);
  if (nodes === undefined) {
    throw storageError(
      "storage.statement_invalid",
      "The statement cannot be planned because its parentheses do not match. Correct it.",
    );
  }
  return { sql, nodes, blocks: readBlocks(nodes), writes: writeTargetOf(nodes) };
}

/** Answers the columns of a copy's tables. */
export function columnsIn(copy: SchemaCopy): ColumnsOf {
  return (table) => copy.tables.get(table.toLowerCase())?.columns;
}
