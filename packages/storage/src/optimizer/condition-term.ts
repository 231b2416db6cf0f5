import type { BlockSource, StatementBlock } from "./statement-blocks.ts";
import { columnReferences, type ColumnsOf } from "./column-references.ts";
import {
  isOperator,
  isSelect,
  isWord,
  splitList,
  type SqlNode,
  type SqlNodes,
} from "./sql-tree.ts";

/** What one condition asks of one source, in a form that an index could answer. */
export interface ConditionTerm {
  readonly source: BlockSource;
  /** `equal` also stands for IN and IS NULL; `other` limits rows, but no index finds them by it. */
  readonly kind: "equal" | "range" | "other";
  /** The side that an index would hold; of `other`, the whole condition. */
  readonly expression: SqlNodes;
  /** Its columns alone, without values from outside: it may stand in the WHERE of an index. */
  readonly constant: boolean;
  /** Compared with columns of another source of the same block. */
  readonly joins: boolean;
  /** Values of an IN list; undefined when nobody knows. */
  readonly values: number | undefined;
  readonly nodes: SqlNodes;
}

const comparisons = ["=", "==", "<", "<=", ">", ">=", "<>", "!="];
const others = [
  "DISTINCT",
  "LIKE",
  "GLOB",
  "MATCH",
  "REGEXP",
  "OR",
  "NOT",
  "AND",
  "CASE",
  "EXISTS",
];

/** How a condition limits the rows of a source; undefined when it has nothing to do with it. */
export function conditionTerm(
  nodes: SqlNodes,
  source: BlockSource,
  place: { readonly block: StatementBlock; readonly columnsOf: ColumnsOf },
): ConditionTerm | undefined {
  const uses = (part: SqlNodes): { own: boolean; other: boolean } => {
    const references = columnReferences(part, place.block, place.columnsOf);
    return {
      own: references.some((each) => each.source === source),
      other: references.some(
        (each) => each.source !== source && place.block.sources.includes(each.source),
      ),
    };
  };
  if (!uses(nodes).own) return undefined;
  const constant = isConstant(nodes, source, place);
  const side = (
    kind: "equal" | "range",
    own: SqlNodes,
    rest: SqlNodes,
  ): ConditionTerm | undefined => {
    if (!uses(own).own || uses(rest).own || !isConstant(own, source, place)) return undefined;
    return {
      source,
      kind,
      expression: own,
      constant,
      joins: uses(rest).other,
      values: isWord(rest[0], "IN") ? listLength(rest[1]) : 1,
      nodes,
    };
  };
  const parts = compared(nodes);
  const term =
    parts === undefined
      ? undefined
      : (side(parts.kind, parts.left, parts.right) ??
        (parts.reversible ? side(parts.kind, parts.right, parts.left) : undefined));
  if (term !== undefined) return term;
  return {
    source,
    kind: "other",
    expression: nodes,
    constant,
    joins: uses(nodes).other,
    values: 1,
    nodes,
  };
}

interface Compared {
  readonly kind: "equal" | "range";
  readonly left: SqlNodes;
  readonly right: SqlNodes;
  readonly reversible: boolean;
}

/** The two sides of a condition that is one comparison. */
function compared(nodes: SqlNodes): Compared | undefined {
  if (isWord(nodes.at(-1), "ISNULL")) return sides(nodes, nodes.length - 1, "equal");
  const found = nodes.flatMap((node, at) =>
    isOperator(node, ...comparisons) || isWord(node, "IS", "IN", "BETWEEN", ...others) ? [at] : [],
  );
  const [at] = found;
  if (at === undefined) return undefined;
  const node = nodes[at];
  if (isWord(node, "BETWEEN")) {
    // Its own AND is the only other word there may be.
    return found.length === 2 && isWord(nodes[found[1]!], "AND")
      ? sides(nodes, at, "range")
      : undefined;
  }
  if (found.length !== 1 || isOperator(node, "<>", "!=") || isWord(node, ...others)) {
    return undefined;
  }
  const isEqual = isOperator(node, "=", "==") || isWord(node, "IS", "IN");
  const parts = sides(nodes, at, isEqual ? "equal" : "range");
  return { ...parts, reversible: !isWord(node, "IN") };
}

function sides(nodes: SqlNodes, at: number, kind: "equal" | "range"): Compared {
  const keeps = isWord(nodes[at], "IN") ? at : at + 1;
  return { kind, left: nodes.slice(0, at), right: nodes.slice(keeps), reversible: false };
}

function listLength(node: SqlNode | undefined): number | undefined {
  if (node?.kind !== "group" || isSelect(node.nodes)) return undefined;
  return splitList(node.nodes).length;
}

/** Functions that answer the same for the same arguments: an index may hold what they give. */
const stableFunctions: ReadonlySet<string> = new Set([
  "abs",
  "cast",
  "coalesce",
  "hex",
  "ifnull",
  "iif",
  "instr",
  "json_array_length",
  "json_extract",
  "json_type",
  "length",
  "lower",
  "ltrim",
  "nullif",
  "replace",
  "round",
  "rtrim",
  "substr",
  "substring",
  "trim",
  "typeof",
  "unicode",
  "upper",
]);
const operatorWords =
  "AND OR NOT IN IS NULL LIKE GLOB BETWEEN CASE WHEN THEN ELSE END COLLATE ESCAPE AS DISTINCT FROM";
const expressionWords: ReadonlySet<string> = new Set(
  `${operatorWords} NOTNULL ISNULL TRUE FALSE TEXT INTEGER REAL BLOB NUMERIC NOCASE BINARY RTRIM`.split(
    " ",
  ),
);

/** True when an index may hold this expression of one source or have it as its condition. */
export function isConstant(
  nodes: SqlNodes,
  source: BlockSource,
  place: { readonly block: StatementBlock; readonly columnsOf: ColumnsOf },
): boolean {
  if (
    columnReferences(nodes, place.block, place.columnsOf).some((each) => each.source !== source)
  ) {
    return false;
  }
  return nodes.every((node, at) => {
    if (node.kind === "group") {
      return !isSelect(node.nodes) && isConstant(node.nodes, source, place);
    }
    if (node.kind !== "word") return node.kind !== "placeholder";
    const word = node.text;
    if (isOperator(nodes[at + 1], ".") || isOperator(nodes[at - 1], ".")) return true;
    if (expressionWords.has(word.toUpperCase())) return true;
    if (nodes[at + 1]?.kind === "group") return stableFunctions.has(word.toLowerCase());
    return columnReferences([node], place.block, place.columnsOf).length > 0;
  });
}
