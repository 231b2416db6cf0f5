import {
  isOperator,
  isSelect,
  isWord,
  splitDisjunction,
  type SqlGroup,
  type SqlNode,
  type SqlNodes,
} from "../../../optimizer/sql-tree.ts";
import type { StatementText } from "../statement-text.ts";
import type { Edit, RewriteRule } from "./rewrite-rule.ts";

/**
 * `(SELECT count(*) FROM …) > 0` as a condition becomes `EXISTS (SELECT 1 FROM …)`, which ends
 * with the first row. count(*) without GROUP BY always gives one number that is not NULL, so
 * both are true, or false, for the same rows.
 */
export const countAsExists: RewriteRule = Object.freeze({
  name: "count-as-exists",
  apply: ({ blocks }: StatementText) => {
    for (const block of blocks) {
      // Only a condition of its own: there, how tightly operators bind makes no difference.
      for (const term of block.terms.flatMap(splitDisjunction)) {
        const edits = editsOf(term);
        if (edits !== undefined) return edits;
      }
    }
    return undefined;
  },
});

/** Operator and number, with the count on the left, and whether they ask for rows or for none. */
const comparisons: Readonly<Record<string, "EXISTS" | "NOT EXISTS">> = {
  "> 0": "EXISTS",
  ">= 1": "EXISTS",
  "<> 0": "EXISTS",
  "!= 0": "EXISTS",
  "= 0": "NOT EXISTS",
  "== 0": "NOT EXISTS",
  "< 1": "NOT EXISTS",
  "<= 0": "NOT EXISTS",
};
const mirrored: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

function editsOf(term: SqlNodes): readonly Edit[] | undefined {
  const [first, operator, last] = term;
  if (term.length !== 3 || operator?.kind !== "operator") return undefined;
  const { text } = operator;
  const [group, number, sign] =
    first?.kind === "group" ? [first, last, text] : [last, first, mirrored[text] ?? text];
  if (group?.kind !== "group" || number?.kind !== "number") return undefined;
  const word = comparisons[`${sign} ${number.text}`];
  const from = countFrom(group);
  if (word === undefined || from === undefined) return undefined;
  return [
    { start: first!.start, end: from.start, text: `${word} (SELECT 1 ` },
    { start: group.end, end: last!.end, text: "" },
  ];
}

/** The FROM of `SELECT count(*) FROM …` when nothing follows that changes how many rows there are. */
function countFrom({ nodes }: SqlGroup): SqlNode | undefined {
  const [select, count, star, from] = nodes;
  if (!isSelect(nodes) || !isWord(select, "SELECT") || !isWord(count, "COUNT")) return undefined;
  if (star?.kind !== "group" || star.nodes.length !== 1 || !isOperator(star.nodes[0], "*")) {
    return undefined;
  }
  const changes = ["GROUP", "HAVING", "LIMIT", "WINDOW", "UNION", "EXCEPT", "INTERSECT"];
  if (!isWord(from, "FROM") || nodes.some((node) => isWord(node, ...changes))) return undefined;
  return from;
}
