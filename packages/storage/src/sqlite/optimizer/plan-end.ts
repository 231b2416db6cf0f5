import type { StatementBlock } from "../../optimizer/statement-blocks.ts";
import { isWord, type SqlNodes } from "../../optimizer/sql-tree.ts";
import { isSort, type PlanNode } from "./plan-tree.ts";

/** Where loops end, and what of their rows is the answer. */
export interface PlanEnd {
  readonly rows: number;
  /** Share of the loops that runs before enough rows were found. */
  readonly share: number;
  readonly limit: number;
  /** One row stands for several of the loops. */
  readonly grouped: boolean;
}

/** Where the loops of a block end that would give `rows` rows. */
export function endOf(
  block: StatementBlock | undefined,
  rows: number,
  at: {
    readonly firstOnly: boolean;
    /** Rows that a LIMIT with a placeholder lets through. */
    readonly unknownLimit: number;
    readonly nodes: readonly PlanNode[];
    readonly hasLoops: boolean;
  },
): PlanEnd {
  const limit = limitOf(block, at);
  if (!at.hasLoops) return { rows: Math.min(1, limit), share: 1, limit, grouped: false };
  if (block !== undefined && block.groupBy.length > 0) {
    return { rows: Math.min(limit, Math.max(1, rows / 10)), share: 1, limit, grouped: true };
  }
  if (block !== undefined && aggregates(block)) return { rows: 1, share: 1, limit, grouped: true };
  const sortsAll = at.nodes.some((node) => isSort(node) && !/LAST/.test(node.detail));
  // The first of several that lie anywhere is found before all of them are.
  const wanted = at.firstOnly ? 1 / (rows + 1) : rows <= limit ? 1 : limit / rows;
  const share = sortsAll ? 1 : wanted;
  return { rows: Math.min(rows, limit), share, limit, grouped: false };
}

function limitOf(
  block: StatementBlock | undefined,
  at: { readonly firstOnly: boolean; readonly unknownLimit: number },
): number {
  if (at.firstOnly) return 1;
  if (block?.limit === "unknown") return Math.max(1, at.unknownLimit);
  return block?.limit ?? Infinity;
}

const aggregateNames = ["COUNT", "SUM", "TOTAL", "AVG", "MIN", "MAX", "GROUP_CONCAT"];

function aggregates(block: StatementBlock): boolean {
  const has = (nodes: SqlNodes): boolean =>
    nodes.some((node, at) =>
      node.kind === "group"
        ? !isWord(node.nodes[0], "SELECT") && has(node.nodes)
        : (isWord(node, ...aggregateNames) || isWord(node, "JSON_GROUP_ARRAY")) &&
          nodes[at + 1]?.kind === "group" &&
          !isWord(nodes[at + 2], "OVER"),
    );
  return block.verb === "select" && block.results.some(has);
}
