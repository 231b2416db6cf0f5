import { isOperator, isWord, type SqlNodes, textOfNodes } from "../../../optimizer/sql-tree.ts";
import { quoteIdentifier } from "../../quote-identifier.ts";
import type { SchemaCopy } from "../schema-copy.ts";
import type { StatementText } from "../statement-text.ts";
import type { Edit, RewriteRule } from "./rewrite-rule.ts";

/**
 * `SELECT min(a), max(b) FROM t WHERE …` becomes one subquery for each: SQLite reads the end of
 * an index for one of them alone, and the whole table for two. Both forms answer one row from
 * one state of the data. The condition is repeated, so it may hold no placeholder.
 */
export const minAndMaxApart: RewriteRule = Object.freeze({
  name: "min-and-max-apart",
  apply: ({ sql, nodes, blocks }: StatementText, copy: SchemaCopy) => {
    const [block] = blocks;
    const [select] = nodes;
    if (block === undefined || !isWord(select, "SELECT") || block.compound > 1) return undefined;
    const allowed = ["SELECT", "FROM", "WHERE"];
    if (block.distinct || [...block.clauses.keys()].some((word) => !allowed.includes(word))) {
      return undefined;
    }
    const from = nodes.findIndex((node) => isWord(node, "FROM"));
    const rest = nodes.slice(from);
    const [source, second] = block.sources;
    const isOneTable = second === undefined && copy.tables.has(source?.table?.toLowerCase() ?? "");
    if (!isOneTable || hasJoin(block.clauses.get("FROM")!) || !isFixed(rest)) return undefined;
    const results = block.results.map((result) => apartOf(sql, result, textOfNodes(sql, rest)));
    if (results.length < 2 || results.includes(undefined)) return undefined;
    const edit: Edit = {
      start: select!.end,
      end: rest.at(-1)!.end,
      text: ` ${results.join(", ")}`,
    };
    return [edit];
  },
});

function hasJoin(from: SqlNodes): boolean {
  return from.some(
    (node) => isOperator(node, ",") || isWord(node, "JOIN") || node.kind === "group",
  );
}

/** True without placeholders and subqueries: what can be written twice and mean the same. */
function isFixed(nodes: SqlNodes): boolean {
  return nodes.every((node) =>
    node.kind === "group"
      ? !isWord(node.nodes[0], "SELECT", "WITH", "VALUES") && isFixed(node.nodes)
      : node.kind !== "placeholder" && !isWord(node, "RANDOM", "RANDOMBLOB"),
  );
}

function apartOf(sql: string, result: SqlNodes, rest: string): string | undefined {
  const [name, group, as, alias] = result;
  const isNamed = isWord(as, "AS") && alias !== undefined && result.length === 4;
  if (!isWord(name, "MIN", "MAX") || group?.kind !== "group") return undefined;
  if (result.length !== 2 && !isNamed) return undefined;
  const refused = group.nodes.some(
    (node) => isOperator(node, ",") || isWord(node, "DISTINCT", "ORDER"),
  );
  if (refused || group.nodes.length === 0 || !isFixed(group.nodes)) return undefined;
  const call = sql.slice(name!.start, group.end);
  const label = isNamed ? textOfNodes(sql, [alias!]) : quoteIdentifier(call);
  return `(SELECT ${call} ${rest}) AS ${label}`;
}
