import { isSelect, isWord, type SqlNodes } from "../../../optimizer/sql-tree.ts";
import type { StatementText } from "../statement-text.ts";
import type { Edit, RewriteRule } from "./rewrite-rule.ts";

/**
 * The ORDER BY of `IN (SELECT … ORDER BY …)` without LIMIT goes: whether a value is in a list
 * does not depend on the order of the list.
 */
export const orderInList: RewriteRule = Object.freeze({
  name: "order-in-list",
  apply: ({ nodes }: StatementText) => editsIn(nodes),
});

function editsIn(nodes: SqlNodes): readonly Edit[] | undefined {
  for (const [at, node] of nodes.entries()) {
    if (node.kind !== "group") continue;
    const own =
      isWord(nodes[at - 1], "IN") && isSelect(node.nodes) ? orderOf(node.nodes) : undefined;
    const edits = own ?? editsIn(node.nodes);
    if (edits !== undefined) return edits;
  }
  return undefined;
}

function orderOf(nodes: SqlNodes): readonly Edit[] | undefined {
  const at = nodes.findIndex((node) => isWord(node, "ORDER"));
  const rest = nodes.slice(at);
  if (at < 0 || rest.some((node) => isWord(node, "LIMIT", "OFFSET"))) return undefined;
  return [{ start: rest[0]!.start, end: rest.at(-1)!.end, text: "" }];
}
