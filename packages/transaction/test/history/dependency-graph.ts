import type { DependencyKind } from "./history.ts";

interface Edge {
  readonly to: number;
  readonly kind: DependencyKind;
}

/** Which transaction has to come before which. Nodes are numbers from 0. */
export class DependencyGraph {
  readonly #edges: Edge[][];

  constructor(size: number) {
    this.#edges = Array.from({ length: size }, () => []);
  }

  add(from: number, to: number, kind: DependencyKind): void {
    if (from !== to) this.#edges[from]?.push({ to, kind });
  }

  /** One short cycle of each group of nodes that reach each other: nodes with the edge to the next. */
  cycles(): readonly (readonly (readonly [node: number, kind: DependencyKind])[])[] {
    return this.#components().flatMap((component) => {
      const start = component[0];
      return start === undefined || component.length < 2 ? [] : [this.#cycleAt(start)];
    });
  }

  /** The shortest way from a node back to it, breadth first. */
  #cycleAt(start: number): readonly (readonly [number, DependencyKind])[] {
    const cameBy = new Map<number, readonly [from: number, kind: DependencyKind]>();
    const queue = [start];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const { to, kind } of this.#edges[at] ?? []) {
        if (cameBy.has(to)) continue;
        cameBy.set(to, [at, kind]);
        if (to !== start) {
          queue.push(to);
          continue;
        }
        const cycle: (readonly [number, DependencyKind])[] = [];
        for (let step = cameBy.get(start); step !== undefined; step = cameBy.get(step[0])) {
          cycle.unshift(step);
          if (step[0] === start) return cycle;
        }
      }
    }
    return [];
  }

  /** Strongly connected components (Tarjan, SIAM J. Comput. 1972), without recursion. */
  #components(): readonly (readonly number[])[] {
    const size = this.#edges.length;
    const order = new Int32Array(size).fill(-1);
    const low = new Int32Array(size);
    const onStack = new Uint8Array(size);
    const next = new Int32Array(size);
    const stack: number[] = [];
    const components: number[][] = [];
    let count = 0;

    const visit = (node: number, path: number[]): void => {
      order[node] = low[node] = count;
      count += 1;
      stack.push(node);
      onStack[node] = 1;
      path.push(node);
    };
    for (let root = 0; root < size; root += 1) {
      if (order[root] !== -1) continue;
      const path: number[] = [];
      visit(root, path);
      for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
        const edge = this.#edges[node]?.[next[node] ?? 0];
        if (edge !== undefined) {
          next[node] = (next[node] ?? 0) + 1;
          if (order[edge.to] === -1) visit(edge.to, path);
          else if (onStack[edge.to] === 1)
            low[node] = Math.min(low[node] ?? 0, order[edge.to] ?? 0);
          continue;
        }
        path.pop();
        const parent = path.at(-1);
        if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
        if (low[node] !== order[node]) continue;
        const component = stack.splice(stack.lastIndexOf(node));
        for (const member of component) onStack[member] = 0;
        components.push(component);
      }
    }
    return components;
  }
}
