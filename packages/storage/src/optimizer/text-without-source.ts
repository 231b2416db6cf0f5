import { isOperator, nameOf, type SqlNode, type SqlNodes } from "./sql-tree.ts";

/** The text of an expression in which columns of one source are not qualified. */
export function textWithoutSource(nodes: SqlNodes, source: string): string {
  let text = "";
  let previous: SqlNode | undefined;
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at]!;
    if (isOperator(nodes[at + 1], ".") && nameOf(node)?.toLowerCase() === source.toLowerCase()) {
      at += 1;
      continue;
    }
    const isCall =
      node.kind === "group" && previous?.kind === "word" && !isOperatorWord(previous.text);
    const close =
      previous === undefined || isCall || isOperator(node, ",", ".") || isOperator(previous, ".");
    text += close ? "" : " ";
    text += node.kind === "group" ? `(${textWithoutSource(node.nodes, source)})` : node.text;
    previous = node;
  }
  return text;
}

function isOperatorWord(text: string): boolean {
  return /^(AND|OR|NOT|IN|IS|LIKE|GLOB|BETWEEN|WHEN|THEN|ELSE|CASE|ESCAPE)$/i.test(text);
}
