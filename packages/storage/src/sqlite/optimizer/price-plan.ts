import type { QueryStep } from "../../optimizer/query-optimizer.ts";
import { isOperator, nameOf } from "../../optimizer/sql-tree.ts";
import type { StatementBlock } from "../../optimizer/statement-blocks.ts";
import type { WriteTarget } from "../../optimizer/write-target.ts";
import { assumedLimit, startCost, unknownListRows, valueCost } from "./cost-model.ts";
import { endOf } from "./plan-end.ts";
import { type Frame, type Level, scaled, sortLevel, stepOf, sum } from "./plan-steps.ts";
import {
  type Access,
  accessesOf,
  accessText,
  isContainer,
  isCorrelated,
  isSort,
  isUnion,
  type PlanNode,
  planTree,
} from "./plan-tree.ts";
import { priceAccess } from "./price-access.ts";
import { priceWrites } from "./price-writes.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { TableFacts } from "./schema-facts.ts";
import type { StatementText } from "./statement-text.ts";

/** A plan with its price. */
export interface PricedPlan {
  readonly steps: readonly QueryStep[];
  readonly rows: number;
  readonly total: number;
  readonly usedIndexes: readonly string[];
  /** Tables that are read or written, in lower case. */
  readonly tables: ReadonlySet<string>;
}

/**
 * Asks SQLite for the plan of a statement and prices it. `knownRows` is what
 * one run returns or changes, where a log has told it.
 *
 * @throws {AtlasError} storage.statement_invalid when it cannot be compiled.
 */
export function pricePlan(
  copy: SchemaCopy,
  statement: StatementText,
  knownRows?: number,
): PricedPlan {
  const tree = planTree(copy.explain(statement.sql));
  const pricer = new PlanPricer(copy, statement, knownRows ?? assumedLimit);
  const level = pricer.level(tree, { depth: 0, times: 1, firstOnly: false });
  const { writes: target } = statement;
  const writes = priceWrites(copy, statement, knownRows ?? level.rows);
  const steps = [...level.steps, ...writes.steps];
  return {
    steps,
    rows: target === undefined ? level.rows : writes.rows,
    total:
      startCost +
      level.cost +
      (target === undefined ? valueCost * valuesOf(copy, statement) * level.rows : writes.cost),
    usedIndexes: [...new Set(steps.flatMap(({ index }) => (index === undefined ? [] : [index])))],
    tables: new Set([...pricer.tables, ...(target === undefined ? [] : [target.table])]),
  };
}

/** Values in one row of the answer. */
function valuesOf(copy: SchemaCopy, { blocks }: StatementText): number {
  const [block] = blocks;
  const results = block?.results ?? [];
  return results.reduce((total, nodes) => {
    if (!isOperator(nodes.at(-1), "*") || nodes.length > 3) return total + 1;
    // `*` and `t.*`; how many a subquery has is not counted.
    const name = nodes.length === 1 ? undefined : nameOf(nodes[0])?.toLowerCase();
    const sources = (block?.sources ?? []).filter(
      (source) => name === undefined || source.name.toLowerCase() === name,
    );
    return (
      total +
      sum(
        sources.map(({ table }) => copy.tables.get(table?.toLowerCase() ?? "")?.columns.size ?? 1),
      )
    );
  }, 0);
}

/** Nested loops over tables, before anything is known of where they end. */
interface Loops {
  cost: number;
  rows: number;
  /** Rows of the last table before conditions, for what runs once for each. */
  visited: number;
}

class PlanPricer {
  readonly tables = new Set<string>();
  readonly #copy: SchemaCopy;
  readonly #blocks: readonly StatementBlock[];
  readonly #named = new Map<string, number>();
  readonly #used = new Set<StatementBlock>();
  readonly #writes: WriteTarget | undefined;
  readonly #unknownLimit: number;

  constructor(copy: SchemaCopy, statement: StatementText, unknownLimit: number) {
    this.#copy = copy;
    this.#blocks = statement.blocks;
    this.#writes = statement.writes;
    this.#unknownLimit = unknownLimit;
  }

  level(nodes: readonly PlanNode[], frame: Frame): Level {
    const block = this.#blockOf(nodes);
    const parts = new Map<PlanNode, Level>();
    for (const node of nodes) {
      if (isContainer(node) && !isCorrelated(node)) parts.set(node, this.#container(node, frame));
    }
    const loops: Loops = { cost: 0, rows: 1, visited: 1 };
    const bound = new Set<string>();
    const checks = this.#checksIn(nodes, frame);
    for (const node of nodes) {
      const accesses = accessesOf(node);
      if (accesses === undefined || checks.includes(node)) continue;
      parts.set(node, this.#access(node, { accesses, block, bound, loops, frame }));
    }
    for (const node of checks) {
      // Each starts from the rows that change, not from what the others found.
      const own = { ...loops };
      const at = { accesses: accessesOf(node)!, block: undefined, bound, loops: own, frame };
      parts.set(node, this.#access(node, at));
    }
    const end = endOf(block, loops.rows, {
      unknownLimit: this.#unknownLimit,
      firstOnly: frame.firstOnly,
      nodes,
      hasLoops: bound.size > 0,
    });
    const contained = sum(
      [...parts.keys()].filter(isContainer).map((node) => parts.get(node)!.rows),
    );
    for (const node of nodes) {
      if (isContainer(node) && isCorrelated(node)) {
        const times = frame.times * Math.max(1, loops.visited * end.share);
        parts.set(node, this.#container(node, { ...frame, times }));
      } else if (isSort(node)) {
        const grouped = end.grouped && node.detail.endsWith("ORDER BY");
        const sorted = grouped ? end.rows : bound.size > 0 ? loops.rows : contained;
        parts.set(node, sortLevel(node, { rows: sorted, end, frame }));
      }
    }
    const steps = nodes.flatMap((node) => {
      const part = parts.get(node);
      if (part === undefined) return [];
      return accessesOf(node) === undefined
        ? part.steps
        : part.steps.map((step) => scaled(step, end));
    });
    const rows = bound.size > 0 || !nodes.some(isUnion) ? end.rows : contained;
    return { cost: sum(steps.map(({ cost }) => cost)), rows, steps };
  }

  /** Look-ups by which SQLite itself checks references to rows that change. */
  #checksIn(nodes: readonly PlanNode[], frame: Frame): readonly PlanNode[] {
    if (this.#writes === undefined || frame.depth > 0) return [];
    const own = new Set(
      this.#blocks.flatMap(({ sources }) => sources.map(({ name }) => name.toLowerCase())),
    );
    const seen = new Set<string>();
    return nodes.filter((node) => {
      const name = accessesOf(node)?.[0]?.name.toLowerCase();
      if (name === undefined) return false;
      const isCheck = !own.has(name) || seen.has(name);
      seen.add(name);
      return isCheck;
    });
  }

  #container(node: PlanNode, frame: Frame): Level {
    const { detail, children } = node;
    const name = /^(?:CO-ROUTINE|MATERIALIZE) (.+)$/.exec(detail)?.[1]?.toLowerCase();
    // Until it is known: each step of a recursive query takes one row of those before it.
    if (name !== undefined) this.#named.set(name, 1);
    const firstOnly = /^(CORRELATED )?SCALAR SUBQUERY/.test(detail);
    // What a recursive query gives is known to nobody.
    const times = detail === "RECURSIVE STEP" ? unknownListRows : 1;
    const inner = this.level(children, {
      depth: frame.depth + 1,
      times: frame.times * times,
      firstOnly,
    });
    const rows = inner.rows * times;
    if (name !== undefined) this.#named.set(name, rows);
    const step = stepOf("subquery", { detail, rows: rows * frame.times, cost: 0 }, frame);
    return { cost: inner.cost, rows, steps: [step, ...inner.steps] };
  }

  #access(
    node: PlanNode,
    at: {
      readonly accesses: readonly Access[];
      readonly block: StatementBlock | undefined;
      readonly bound: Set<string>;
      readonly loops: Loops;
      readonly frame: Frame;
    },
  ): Level {
    const { accesses, block, bound, loops, frame } = at;
    const [first] = accesses;
    const joins = bound.size > 0;
    bound.add(first!.name.toLowerCase());
    const table = this.#tableOf(first!, block);
    if (table !== undefined) this.tables.add(table.name.toLowerCase());
    const place = {
      copy: this.#copy,
      block,
      table,
      named: this.#named,
      sideOfOr: accesses.length > 1,
      bound,
    };
    const priced = accesses.map((access) => priceAccess(access, place));
    const found = sum(priced.map((each) => each.found));
    const left = Math.max(...priced.map((each) => each.left));
    const cost = sum(priced.map(({ once, each }) => once + each * loops.rows));
    loops.visited = loops.rows * found;
    loops.rows = loops.visited * left;
    const type = joins ? "join" : first!.kind === "scan" ? "scan" : "index";
    const name = first!.name;
    const steps = accesses.map((access, index) =>
      stepOf(
        type,
        {
          detail:
            accesses.length === 1 ? node.detail : `${node.detail}: ${accessText(node, index)}`,
          table: name,
          ...(access.index === undefined || access.automatic ? {} : { index: access.index }),
          rows: (loops.visited * priced[index]!.found) / Math.max(found, 1e-9),
          cost: index === 0 ? cost : 0,
        },
        frame,
      ),
    );
    const filter = { detail: `CONDITIONS ON ${name}`, table: name, rows: loops.rows, cost: 0 };
    return {
      cost,
      rows: loops.rows,
      steps: left < 1 ? [...steps, stepOf("filter", filter, frame)] : steps,
    };
  }

  #tableOf(access: Access, block: StatementBlock | undefined): TableFacts | undefined {
    const { tables } = this.#copy;
    if (access.index !== undefined && !access.automatic) {
      const wanted = access.index;
      for (const table of tables.values()) {
        if (table.indexes.some(({ name }) => name === wanted)) return table;
      }
    }
    const name = access.name.toLowerCase();
    if (this.#named.has(name)) return undefined;
    for (const each of block === undefined ? this.#blocks : [block, ...this.#blocks]) {
      const source = each.sources.find((one) => one.name.toLowerCase() === name);
      const table =
        source?.table === undefined ? undefined : tables.get(source.table.toLowerCase());
      if (table !== undefined) return table;
    }
    return tables.get(name);
  }

  /** The block with most of the names; among equals one that was not taken yet. */
  #blockOf(nodes: readonly PlanNode[]): StatementBlock | undefined {
    const names = new Set(
      nodes.flatMap((node) => (accessesOf(node) ?? []).map(({ name }) => name.toLowerCase())),
    );
    if (names.size === 0) return undefined;
    let best: StatementBlock | undefined;
    let most = 0;
    for (const block of this.#blocks) {
      // count(*) alone is told with the table's name, whatever its alias.
      const known = block.sources.filter(
        ({ name, table }) =>
          names.has(name.toLowerCase()) || names.has(table?.toLowerCase() ?? name.toLowerCase()),
      ).length;
      const score = 2 * known + (this.#used.has(block) || known === 0 ? 0 : 1);
      if (score > most) [best, most] = [block, score];
    }
    if (best !== undefined) this.#used.add(best);
    return best;
  }
}
