import { setImmediate } from "node:timers/promises";
import { indexError } from "./errors.ts";
import type { RowKey } from "./row-change.ts";

/** A node with what it takes. */
export interface WeightedNode {
  readonly key: RowKey;
  readonly weight: number;
}

/** `from` waits for `to`. */
export interface Edge {
  readonly from: RowKey;
  readonly to: RowKey;
}

/** A chain of nodes, each of which waits for the one before it. */
export interface LongestPath {
  readonly keys: readonly RowKey[];
  /** The sum of what its nodes take. */
  readonly weight: number;
}

/** Nodes after which others get a turn. */
const sliceLength = 5_000;

/** Nodes of a circle that an error names at most. */
const cycleNodesMax = 20;

/** A node on the way, by place in a list: keys are compared once only. */
interface Step {
  readonly key: RowKey;
  readonly weight: number;
  /** Nodes that wait for it. */
  readonly next: number[];
  /** Nodes it waits for that have not been settled. */
  waitsFor: number;
  /** The longest way up to and including it, and the node before it on that way. */
  total: number;
  before: number;
}

/**
 * The heaviest chain, or the heaviest one that ends in `to`, in time
 * proportional to nodes and edges: nodes are settled in topological order
 * (Kahn), and each takes the best of those it waits for. A node whose key is
 * not among the nodes has an empty path.
 *
 * @throws {AtlasError} index.graph_cycle
 */
export async function longestPath(
  nodes: readonly WeightedNode[],
  edges: readonly Edge[],
  to?: RowKey,
): Promise<LongestPath> {
  const places = new Map(nodes.map(({ key }, at) => [key, at]));
  const steps = nodes.map(({ key, weight }): Step => ({
    key,
    weight,
    next: [],
    waitsFor: 0,
    total: weight,
    before: -1,
  }));
  for (const edge of edges) {
    const [from, target] = [places.get(edge.from), places.get(edge.to)];
    if (from === undefined || target === undefined) continue;
    steps[target]!.next.push(from);
    steps[from]!.waitsFor += 1;
  }
  const settled = await settle(steps);
  if (settled < steps.length) throw cycleError(steps);
  return pathTo(steps, to === undefined ? heaviest(steps) : (places.get(to) ?? -1));
}

async function settle(steps: readonly Step[]): Promise<number> {
  const ready: number[] = [];
  for (const [at, { waitsFor }] of steps.entries()) if (waitsFor === 0) ready.push(at);
  let settled = 0;
  // The list grows while it is walked through: it ends as the topological order.
  for (; settled < ready.length; settled += 1) {
    const at = ready[settled]!;
    const { total, next } = steps[at]!;
    for (const follower of next) {
      const step = steps[follower]!;
      if (total + step.weight > step.total || step.before < 0) {
        step.total = total + step.weight;
        step.before = at;
      }
      step.waitsFor -= 1;
      if (step.waitsFor === 0) ready.push(follower);
    }
    if (settled % sliceLength === sliceLength - 1) await setImmediate();
  }
  return settled;
}

function heaviest(steps: readonly Step[]): number {
  let best = -1;
  for (const [at, { total }] of steps.entries()) {
    if (best < 0 || total > steps[best]!.total) best = at;
  }
  return best;
}

function pathTo(steps: readonly Step[], last: number): LongestPath {
  const keys: RowKey[] = [];
  for (let at = last; at >= 0; at = steps[at]!.before) keys.push(steps[at]!.key);
  return { keys: keys.reverse(), weight: last < 0 ? 0 : steps[last]!.total };
}

/** Going back from node to unsettled node comes round sooner or later. */
function cycleError(steps: readonly Step[]): Error {
  const waits = new Map<number, number>();
  for (const [at, { next, waitsFor }] of steps.entries()) {
    if (waitsFor > 0) for (const follower of next) waits.set(follower, at);
  }
  const seen = new Map<number, number>();
  let at = steps.findIndex(({ waitsFor }) => waitsFor > 0);
  while (!seen.has(at)) {
    seen.set(at, seen.size);
    at = waits.get(at)!;
  }
  const circle = [...seen.keys()].slice(seen.get(at)).map((place) => steps[place]!.key);
  return indexError(
    "index.graph_cycle",
    `${circle.length} unfinished nodes wait for each other in a circle, so nothing among them can ` +
      "come first. Remove one of the edges between them.",
    { details: { length: circle.length, nodes: circle.slice(0, cycleNodesMax) } },
  );
}
