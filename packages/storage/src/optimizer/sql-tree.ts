import { type Lexeme, lexSql } from "./sql-lexemes.ts";

/** What stands between two parentheses, themselves included in its range. */
export interface SqlGroup {
  readonly kind: "group";
  readonly nodes: SqlNodes;
  readonly start: number;
  readonly end: number;
}

/** A lexeme, or a group of them in parentheses. */
export type SqlNode = Lexeme | SqlGroup;

/** Nodes that follow each other at one depth of parentheses. */
export type SqlNodes = readonly SqlNode[];

/** Deepest nesting of parentheses that is looked into; SQLite's own parser stops at 100 levels. */
const sqlDepthMax = 200;

/** SQL text as a tree of parentheses; undefined when they do not match or nest too deeply. */
export function parseSqlTree(sql: string): SqlNodes | undefined {
  const root: SqlNode[] = [];
  const open: { readonly start: number; readonly nodes: SqlNode[] }[] = [];
  let nodes = root;
  for (const lexeme of lexSql(sql)) {
    if (lexeme.kind === "open") {
      if (open.length >= sqlDepthMax) return undefined;
      open.push({ start: lexeme.start, nodes });
      nodes = [];
    } else if (lexeme.kind === "close") {
      const outer = open.pop();
      if (outer === undefined) return undefined;
      outer.nodes.push({ kind: "group", nodes, start: outer.start, end: lexeme.end });
      nodes = outer.nodes;
    } else {
      nodes.push(lexeme);
    }
  }
  return open.length === 0 ? root : undefined;
}

/** True for a keyword or unquoted name with this upper-case spelling. */
export function isWord(node: SqlNode | undefined, ...spellings: readonly string[]): boolean {
  return node?.kind === "word" && spellings.includes(node.text.toUpperCase());
}

/** True for one of these operators. */
export function isOperator(node: SqlNode | undefined, ...texts: readonly string[]): boolean {
  return node?.kind === "operator" && texts.includes(node.text);
}

/** The name a node stands for, without its quotes; undefined when it is none. */
export function nameOf(node: SqlNode | undefined): string | undefined {
  if (node?.kind === "word") return node.text;
  if (node?.kind !== "name") return undefined;
  const quote = node.text[0]!;
  const inside = node.text.slice(1, -1);
  return quote === "[" ? inside : inside.replaceAll(quote + quote, quote);
}

/** The parts between separators at this depth. */
function splitNodes(nodes: SqlNodes, separates: (node: SqlNode) => boolean): readonly SqlNodes[] {
  const parts: SqlNode[][] = [[]];
  for (const node of nodes) {
    if (separates(node)) parts.push([]);
    else parts.at(-1)!.push(node);
  }
  return parts;
}

/** The parts between commas. */
export function splitList(nodes: SqlNodes): readonly SqlNodes[] {
  return splitNodes(nodes, (node) => isOperator(node, ","));
}

/** The conditions that must all hold: split at AND, but not at that of BETWEEN, groups opened. */
export function splitConjunction(nodes: SqlNodes): readonly SqlNodes[] {
  let betweens = 0;
  let cases = 0;
  const parts = splitNodes(nodes, (node) => {
    if (isWord(node, "CASE")) cases += 1;
    if (isWord(node, "END")) cases -= 1;
    if (cases > 0) return false;
    if (isWord(node, "BETWEEN")) betweens += 1;
    if (!isWord(node, "AND")) return false;
    if (betweens === 0) return true;
    betweens -= 1;
    return false;
  });
  if (parts.some((part) => part.some((node) => isWord(node, "OR")))) return [unwrap(nodes)];
  return parts.flatMap((part) => {
    const inside = unwrap(part);
    return inside === part ? [part] : splitConjunction(inside);
  });
}

/** The conditions of which one must hold; one part when there is no OR at this depth. */
export function splitDisjunction(nodes: SqlNodes): readonly SqlNodes[] {
  const inside = unwrap(nodes);
  return splitNodes(inside, (node) => isWord(node, "OR")).map(unwrap);
}

/** What is inside of parentheses around the whole; the nodes themselves when there are none. */
function unwrap(nodes: SqlNodes): SqlNodes {
  const [only] = nodes;
  if (nodes.length !== 1 || only?.kind !== "group" || isSelect(only.nodes)) return nodes;
  return unwrap(only.nodes);
}

/** True for the nodes of a statement that reads. */
export function isSelect(nodes: SqlNodes): boolean {
  return isWord(nodes[0], "SELECT", "WITH", "VALUES");
}

/** The text from the first to the last of these nodes as it was written. */
export function textOfNodes(sql: string, nodes: SqlNodes): string {
  return nodes.length === 0 ? "" : sql.slice(nodes[0]!.start, nodes.at(-1)!.end);
}
