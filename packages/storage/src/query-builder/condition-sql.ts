import { comparisonSql, type ComparisonPlace } from "./comparison-sql.ts";
import type { ConditionNode } from "./condition-node.ts";
import type { SelectState } from "./select-state.ts";
import { joinParts, noSql, type SqlPart } from "./sql-part.ts";

/** Where conditions stand. */
export interface ConditionPlace extends ComparisonPlace {
  readonly compileExists: (query: SelectState) => SqlPart;
}

/** The text after WHERE, or nothing for no conditions. */
export function whereSql(nodes: readonly ConditionNode[], place: ConditionPlace): SqlPart {
  if (nodes.length === 0) return noSql;
  const all = joinParts(
    nodes.map((node) => nodeSql(node, "all", place)),
    " AND ",
  );
  return { sql: ` WHERE ${all.sql}`, params: all.params };
}

function nodeSql(node: ConditionNode, inside: "all" | "any", place: ConditionPlace): SqlPart {
  place.statement.useConditions(1);
  switch (node.kind) {
    case "column": {
      const { sql, name, column } = place.columns.resolve(node.column, "where");
      const left = { name, part: "where", sql: { sql, params: [] }, column } as const;
      return comparisonSql(left, node, place);
    }
    case "sql":
      return { ...node.part, sql: `(${node.part.sql})` };
    case "exists":
    case "notExists": {
      const query = place.compileExists(node.query);
      const word = node.kind === "exists" ? "EXISTS" : "NOT EXISTS";
      return { ...query, sql: `${word} (${query.sql})` };
    }
    case "all":
    case "any": {
      const parts = node.nodes.map((each) => nodeSql(each, node.kind, place));
      const group = joinParts(parts, node.kind === "all" ? " AND " : " OR ");
      const mixed = node.kind === "any" || inside === "any";
      return mixed && parts.length > 1 ? { ...group, sql: `(${group.sql})` } : group;
    }
  }
}
