/**
 * A tree kept as a path in each row: `plan/design/review`. The path of
 * everything below a row begins with its own, so a subtree is one range of an
 * index, and the rows above are those whose paths are its beginnings.
 */
import type { SqlValue } from "@atlas/storage";
import type { OrdinaryIndexDeclaration } from "./index-declaration.ts";
import { indexError } from "./errors.ts";
import { quoted } from "./quoted.ts";

/** Where a tree is kept. */
export interface HierarchyDefinition {
  /** Of the indexes: it is what their names begin with. */
  readonly name: string;
  readonly table: string;
  /** Text column: the segments from the top down to the row, with `/` between them. */
  readonly path: string;
  /** Column with the key of the row above: makes an index for direct children. Default: none. */
  readonly parent?: string;
  /** False when the table has an index over `path` already, such as a unique group. Default: true. */
  readonly pathIndex?: boolean;
}

/** A condition for a WHERE clause over the table under its own name, with the values for its `?`. */
export interface HierarchyCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Asks for parts of a tree; each condition is answered by one index. */
export interface Hierarchy {
  /** What the coordinator has to be told. */
  readonly declarations: readonly OrdinaryIndexDeclaration[];
  /** The row and everything below it. */
  subtree(path: string): HierarchyCondition;
  /** Everything below the row. */
  descendants(path: string): HierarchyCondition;
  /** The rows above, up to the top. */
  ancestors(path: string): HierarchyCondition;
  /** SQL of the number of rows above: 0 at the top. */
  readonly depth: string;
}

/** Segments of a path at most. */
const depthMax = 1_000;

/** Describes a tree that is kept as paths. */
export function hierarchy(definition: HierarchyDefinition): Hierarchy {
  const { name, table, path, parent, pathIndex = true } = definition;
  const column = `${quoted(table)}.${quoted(path)}`;
  const below = `${column} >= ? AND ${column} < ?`;
  const declarations: OrdinaryIndexDeclaration[] = [];
  if (pathIndex) declarations.push({ kind: "unique", name: `${name}_path`, table, on: [path] });
  if (parent !== undefined) {
    declarations.push({ kind: "secondary", name: `${name}_parent`, table, on: [parent, path] });
  }
  return {
    declarations,
    subtree: (of) => ({ sql: `(${column} = ? OR (${below}))`, params: [of, ...rangeBelow(of)] }),
    descendants: (of) => ({ sql: `(${below})`, params: rangeBelow(of) }),
    ancestors(of) {
      const paths = pathsAbove(of);
      const marks = paths.map(() => "?").join(", ");
      return { sql: `${column} IN (${marks})`, params: paths };
    },
    depth: `(length(${column}) - length(replace(${column}, '/', '')))`,
  };
}

/** Everything that begins with the path and `/`: `0` is the character after it. */
function rangeBelow(path: string): readonly [string, string] {
  return [`${path}/`, `${path}0`];
}

function pathsAbove(path: string): readonly string[] {
  const ends = [...path.matchAll(/\//g)].map(({ index }) => index);
  if (ends.length < depthMax) return ends.map((end) => path.slice(0, end));
  throw indexError(
    "index.graph_too_large",
    `A path has ${ends.length + 1} segments; at most ${depthMax} are looked at.`,
    { details: { segments: ends.length + 1, depthMax } },
  );
}
