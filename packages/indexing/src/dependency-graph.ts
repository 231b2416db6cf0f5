import { checkOptions } from "@atlas/errors";
import type { Query, RawRow, Reader, TableDefinition } from "@atlas/storage";
import { indexError } from "./errors.ts";
import type { OrdinaryIndexDeclaration } from "./index-declaration.ts";
import { type KeyList, keyListOf, keyLookup, rowKeyOf } from "./key-list.ts";
import { type Edge, longestPath, type LongestPath, type WeightedNode } from "./longest-path.ts";
import { quoted } from "./quoted.ts";
import type { RowKey } from "./row-change.ts";
import { rawQuery } from "./row-walk.ts";

/** Where the edges of a graph are kept, and the nodes they join. */
export interface DependencyGraphDefinition {
  /** Of the indexes: it is what their names begin with. */
  readonly name: string;
  readonly edges: {
    readonly table: TableDefinition;
    /** Holds the key of the node that waits. */
    readonly from: string;
    /** Holds the key of the node it waits for. */
    readonly to: string;
  };
  readonly nodes: {
    readonly table: TableDefinition;
    readonly key: string;
    /** SQL of what a node takes, over its columns; a null counts as 0. Default: 1 each. */
    readonly weight?: string;
    /** SQL condition: only nodes for which it holds are on a critical path. Default: all. */
    readonly unfinished?: string;
  };
}

/** How far a graph is followed. */
export interface ClosureOptions {
  /** Nodes that are found at most, up to 1,000,000. Default: 10,000. */
  readonly nodesMax?: number;
}

/** Nodes that can be reached. */
export interface Closure {
  /** Without repetition; holds a node that was started from only when it is on a circle. */
  readonly keys: readonly RowKey[];
  /** True when there are more than `nodesMax`. */
  readonly truncated: boolean;
}

/** How a critical path is looked for. */
export interface CriticalPathOptions {
  /** The path that ends in this node. Default: the longest of all. */
  readonly to?: RowKey;
  /** Unfinished nodes that are looked at, up to 1,000,000. Default: 100,000. */
  readonly nodesMax?: number;
  /** Edges between them, up to 4,000,000. Default: 400,000. */
  readonly edgesMax?: number;
}

/** Asks a graph of rows that wait for each other. */
export interface DependencyGraph {
  /** What the coordinator has to be told: an index for each direction that the key is not. */
  readonly declarations: readonly OrdinaryIndexDeclaration[];
  /** Everything that these nodes wait for, directly or not; circles do no harm. */
  dependencies(reader: Reader, keys: Iterable<RowKey>, options?: ClosureOptions): Promise<Closure>;
  /** Everything that waits for these nodes, directly or not. */
  dependents(reader: Reader, keys: Iterable<RowKey>, options?: ClosureOptions): Promise<Closure>;
  /**
   * The chain of unfinished nodes that takes longest, first things first. The
   * graph is read into memory and followed in slices.
   *
   * @throws {AtlasError} index.graph_cycle when unfinished nodes wait for each other in a circle.
   * @throws {AtlasError} index.graph_too_large
   */
  criticalPath(reader: Reader, options?: CriticalPathOptions): Promise<LongestPath>;
}

/** Describes a graph whose edges are rows. */
export function dependencyGraph(definition: DependencyGraphDefinition): DependencyGraph {
  const { from, to } = definition.edges;
  const dependencies = closureQuery(definition, { match: from, key: to });
  const dependents = closureQuery(definition, { match: to, key: from });
  return {
    declarations: declarationsOf(definition),
    dependencies: (reader, keys, options) => follow(reader, dependencies, { keys, options }),
    dependents: (reader, keys, options) => follow(reader, dependents, { keys, options }),
    criticalPath: (reader, options) => criticalPath(reader, definition, options),
  };
}

interface Direction {
  readonly match: string;
  readonly key: string;
}

type ClosureQuery = Query<RowKey | null, KeyList & { readonly limit: number }>;

function declarationsOf({
  name,
  edges: { table, from, to },
}: DependencyGraphDefinition): readonly OrdinaryIndexDeclaration[] {
  const directions = [
    { name: `${name}_forward`, on: [from, to] },
    { name: `${name}_backward`, on: [to, from] },
  ];
  return directions
    .filter(({ on }) => table.primaryKey.slice(0, 2).join() !== on.join())
    .map((index) => ({ kind: "secondary", table: table.name, ...index }));
}

/** UNION drops what was reached before: it is what ends a circle. */
function closureQuery(
  { edges }: DependencyGraphDefinition,
  { match, key }: Direction,
): ClosureQuery {
  const first = keyLookup({ table: edges.table, match, key });
  const [table, near, far] = [edges.table.name, match, key].map(quoted);
  return {
    sql:
      `WITH RECURSIVE reached("key") AS (${first.sql} UNION SELECT edge.${far} ` +
      `FROM ${table} AS edge JOIN reached ON edge.${near} = reached."key") ` +
      `SELECT "key" FROM reached LIMIT ?`,
    params: [...first.params, { placeholder: "limit" }],
    decode: rowKeyOf,
  };
}

async function follow(
  reader: Reader,
  query: ClosureQuery,
  given: { readonly keys: Iterable<RowKey>; readonly options: ClosureOptions | undefined },
): Promise<Closure> {
  const options = given.options ?? {};
  checkOptions("dependencies", options, { nodesMax: { min: 1, max: 1_000_000 } });
  const { nodesMax = 10_000 } = options;
  const rows = await reader.all(query, { ...keyListOf(given.keys), limit: nodesMax + 1 });
  const keys = rows.filter((key) => key !== null);
  return { keys: keys.slice(0, nodesMax), truncated: keys.length > nodesMax };
}

async function criticalPath(
  reader: Reader,
  { edges, nodes }: DependencyGraphDefinition,
  options: CriticalPathOptions = {},
): Promise<LongestPath> {
  checkOptions("criticalPath", options, {
    to: "any",
    nodesMax: { min: 1, max: 1_000_000 },
    edgesMax: { min: 1, max: 4_000_000 },
  });
  const { nodesMax = 100_000, edgesMax = 400_000, to } = options;
  const { weight = "1", unfinished = "true", key } = nodes;
  const [nodeTable, edgeTable] = [nodes.table.name, edges.table.name].map(quoted);
  // From the unfinished nodes to their edges, and not from all pairs of nodes.
  const open = `SELECT ${quoted(key)} FROM ${nodeTable} WHERE (${unfinished})`;
  const [near, far] = [edges.from, edges.to].map(quoted);
  const nodeRows = await reader.all(
    rawQuery(
      `SELECT ${quoted(key)} AS "key", (${weight}) AS weight FROM ${nodeTable} ` +
        `WHERE (${unfinished}) LIMIT ?`,
      [nodesMax + 1],
    ),
  );
  if (nodeRows.length > nodesMax) throw tooLarge("nodes", nodesMax);
  const edgeRows = await reader.all(
    rawQuery(
      `SELECT ${near} AS "from", ${far} AS "to" FROM ${edgeTable} AS edge WHERE ${near} IN (${open}) ` +
        `AND EXISTS (SELECT 1 FROM ${nodeTable} WHERE ${quoted(key)} = edge.${far} ` +
        `AND (${unfinished})) LIMIT ?`,
      [edgesMax + 1],
    ),
  );
  if (edgeRows.length > edgesMax) throw tooLarge("edges", edgesMax);
  return longestPath(nodeRows.map(nodeOf), edgeRows.map(edgeOf), to);
}

function nodeOf(row: RawRow): WeightedNode {
  return { key: row["key"] as RowKey, weight: Number(row["weight"] ?? 0) };
}

function edgeOf(row: RawRow): Edge {
  return { from: row["from"] as RowKey, to: row["to"] as RowKey };
}

function tooLarge(what: "nodes" | "edges", max: number): Error {
  return indexError(
    "index.graph_too_large",
    `The graph has more than ${max} ${what} that are not finished. Raise ${what}Max, or finish some.`,
    { details: { what, max } },
  );
}
