import {
  isOperator,
  isSelect,
  isWord,
  nameOf,
  splitConjunction,
  splitList,
  type SqlNode,
  type SqlNodes,
} from "./sql-tree.ts";

/** One place rows come from. */
export interface BlockSource {
  /** What columns are qualified with: the alias or the table. */
  readonly name: string;
  /** Absent for subqueries and table functions; may also be the name of a WITH query. */
  readonly table?: string;
  /** True for the right side of a left join. */
  readonly optional: boolean;
}

/** One part of ORDER BY. */
export interface BlockOrder {
  readonly nodes: SqlNodes;
  readonly descending: boolean;
}

/** One SELECT, UPDATE or DELETE with the conditions on its rows, wherever it stands. */
export interface StatementBlock {
  readonly verb: "select" | "update" | "delete";
  /** The block whose columns this one may use as well. */
  readonly outer: StatementBlock | undefined;
  readonly sources: readonly BlockSource[];
  /** What WHERE and ON ask for, as conditions that must all hold. */
  readonly terms: readonly SqlNodes[];
  /** What is selected, and assigned by an update. */
  readonly results: readonly SqlNodes[];
  readonly groupBy: readonly SqlNodes[];
  readonly orderBy: readonly BlockOrder[];
  readonly distinct: boolean;
  /** The number, if it is one; "unknown" for a placeholder or an expression. */
  readonly limit: number | "unknown" | undefined;
  /** How many SELECTs a compound has; 1 when it is none. */
  readonly compound: number;
  /** The clauses with their nodes, by the keyword that begins them. */
  readonly clauses: ReadonlyMap<string, SqlNodes>;
}

const clauseWords = [
  "SELECT",
  "UPDATE",
  "DELETE",
  "FROM",
  "SET",
  "WHERE",
  "GROUP",
  "HAVING",
  "WINDOW",
  "ORDER",
  "LIMIT",
  "RETURNING",
];
const compoundWords = ["UNION", "EXCEPT", "INTERSECT"];
const joinWords = ["JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "OUTER"];
const afterSource = [...joinWords, "ON", "USING", "NOT", "INDEXED"];

/** Every block of a statement, outer ones before those inside them. */
export function readBlocks(nodes: SqlNodes): readonly StatementBlock[] {
  const blocks: StatementBlock[] = [];
  collect(nodes, undefined, blocks);
  return blocks;
}

function collect(
  nodes: SqlNodes,
  outer: StatementBlock | undefined,
  blocks: StatementBlock[],
): void {
  const parts = compoundParts(statementOf(nodes));
  for (const part of parts) {
    const block = readBlock(part, outer, parts.length);
    if (block !== undefined) blocks.push(block);
    // The queries of WITH see nothing of the block, but its columns do no harm as outer ones.
    for (const inner of selectsIn(part)) collect(inner, block ?? outer, blocks);
  }
  for (const inner of selectsIn(nodes.slice(0, nodes.length - statementOf(nodes).length))) {
    collect(inner, outer, blocks);
  }
}

/** What follows WITH, EXPLAIN and `INSERT INTO … (…)`. */
function statementOf(nodes: SqlNodes): SqlNodes {
  const verbs = ["SELECT", "UPDATE", "DELETE"];
  // "UPDATE" also occurs in ON CONFLICT DO UPDATE, "DELETE" and "SELECT" do not.
  const at = nodes.findIndex(
    (node, index) => isWord(node, ...verbs) && !isWord(nodes[index - 1], "DO"),
  );
  return at < 0 ? [] : nodes.slice(at);
}

function compoundParts(nodes: SqlNodes): readonly SqlNodes[] {
  const parts: SqlNode[][] = [[]];
  for (const [at, node] of nodes.entries()) {
    if (isWord(node, ...compoundWords)) parts.push([]);
    else if (!(isWord(node, "ALL") && isWord(nodes[at - 1], ...compoundWords))) {
      parts.at(-1)!.push(node);
    }
  }
  return parts;
}

function selectsIn(nodes: SqlNodes): readonly SqlNodes[] {
  return nodes.flatMap((node) => {
    if (node.kind !== "group") return [];
    return isSelect(node.nodes) ? [node.nodes] : selectsIn(node.nodes);
  });
}

function readBlock(
  nodes: SqlNodes,
  outer: StatementBlock | undefined,
  compound: number,
): StatementBlock | undefined {
  const clauses = clausesOf(nodes);
  const [verb] = clauses.keys();
  if (verb !== "SELECT" && verb !== "UPDATE" && verb !== "DELETE") return undefined;
  const { sources, conditions } = readSources([
    ...(verb === "UPDATE" ? updated(clauses.get("UPDATE")!) : []),
    ...(verb === "UPDATE" && clauses.has("FROM") ? [comma] : []),
    ...(clauses.get("FROM") ?? []),
  ]);
  const selected = clauses.get("SELECT") ?? [];
  const distinct = isWord(selected[0], "DISTINCT");
  const results = distinct || isWord(selected[0], "ALL") ? selected.slice(1) : selected;
  return {
    verb: verb === "SELECT" ? "select" : verb === "UPDATE" ? "update" : "delete",
    outer,
    sources,
    terms: [...conditions, clauses.get("WHERE") ?? []].flatMap((condition) =>
      condition.length === 0 ? [] : splitConjunction(condition),
    ),
    results: splitList(verb === "UPDATE" ? (clauses.get("SET") ?? []) : results),
    groupBy: listAfterBy(clauses.get("GROUP")),
    orderBy: listAfterBy(clauses.get("ORDER")).map(orderOf),
    distinct,
    limit: limitOf(clauses.get("LIMIT")),
    compound,
    clauses,
  };
}

const comma: SqlNode = { kind: "operator", text: ",", start: 0, end: 0 };

function updated(nodes: SqlNodes): SqlNodes {
  const at = isWord(nodes[0], "OR") ? 2 : 0;
  return nodes.slice(at);
}

function clausesOf(nodes: SqlNodes): ReadonlyMap<string, SqlNodes> {
  const clauses = new Map<string, SqlNode[]>();
  let current: SqlNode[] = [];
  for (const [at, node] of nodes.entries()) {
    const word = node.kind === "word" ? node.text.toUpperCase() : "";
    // ORDER BY inside OVER (…) and FILTER (WHERE …) is in a group; `IS DISTINCT FROM` is not.
    const isOther = word === "FROM" && isWord(nodes[at - 1], "DISTINCT") && at > 1;
    if (clauseWords.includes(word) && !clauses.has(word) && !isOther) {
      current = [];
      clauses.set(word, current);
    } else {
      current.push(node);
    }
  }
  return clauses;
}

interface Sources {
  readonly sources: readonly BlockSource[];
  readonly conditions: readonly SqlNodes[];
}

function readSources(nodes: SqlNodes): Sources {
  const sources: BlockSource[] = [];
  const conditions: SqlNode[][] = [];
  let optional = false;
  let at = 0;
  while (at < nodes.length) {
    const node = nodes[at]!;
    if (isOperator(node, ",") || isWord(node, ...joinWords)) {
      optional = isWord(node, "LEFT", "FULL") || (optional && !isOperator(node, ","));
      at += 1;
    } else if (isWord(node, "ON")) {
      const end = endOfCondition(nodes, at + 1);
      conditions.push(nodes.slice(at + 1, end));
      at = end;
    } else if (isWord(node, "USING") || isWord(node, "INDEXED", "NOT", "BY")) {
      at += isWord(node, "USING") || isWord(node, "BY") ? 2 : 1;
    } else {
      const { source, end } = readSource(nodes, at, optional);
      if (source !== undefined) sources.push(source);
      optional = false;
      at = end;
    }
  }
  return { sources, conditions };
}

function readSource(
  nodes: SqlNodes,
  from: number,
  optional: boolean,
): { readonly source: BlockSource | undefined; readonly end: number } {
  let at = from;
  const first = nodes[at]!;
  let table = nameOf(first);
  at += 1;
  if (isOperator(nodes[at], ".")) {
    table = nameOf(nodes[at + 1]);
    at += 2;
  }
  const isFunction = first.kind !== "group" && nodes[at]?.kind === "group";
  if (isFunction) at += 1;
  let name = table;
  if (isWord(nodes[at], "AS")) at += 1;
  if (nameOf(nodes[at]) !== undefined && !isWord(nodes[at], ...afterSource)) {
    name = nameOf(nodes[at]);
    at += 1;
  }
  if (name === undefined) return { source: undefined, end: at };
  const isTable = first.kind !== "group" && !isFunction;
  const named = isTable && table !== undefined ? { table } : {};
  return { source: { name, optional, ...named }, end: at };
}

function endOfCondition(nodes: SqlNodes, from: number): number {
  for (let at = from; at < nodes.length; at += 1) {
    if (isOperator(nodes[at], ",") || isWord(nodes[at], ...joinWords)) return at;
  }
  return nodes.length;
}

function listAfterBy(nodes: SqlNodes | undefined): readonly SqlNodes[] {
  return nodes === undefined ? [] : splitList(nodes.slice(1));
}

function orderOf(nodes: SqlNodes): BlockOrder {
  const nulls = nodes.findIndex((node) => isWord(node, "NULLS"));
  const kept = nulls < 0 ? nodes : nodes.slice(0, nulls);
  const descending = isWord(kept.at(-1), "DESC");
  const directed = descending || isWord(kept.at(-1), "ASC");
  return { nodes: directed ? kept.slice(0, -1) : kept, descending };
}

function limitOf(nodes: SqlNodes | undefined): StatementBlock["limit"] {
  if (nodes === undefined) return undefined;
  const [first] = nodes;
  return nodes.length === 1 && first?.kind === "number" ? Number(first.text) : "unknown";
}
