import { type Moment, nameOf } from "./stored-waits.ts";

/** By name of a moment: the names of those it waits for. @internal */
export type Graph = Map<string, string[]>;

/** @internal */
export function connect(graph: Graph, later: Moment, earlier: Moment): void {
  const name = nameOf(later);
  const successors = graph.get(name);
  if (successors === undefined) graph.set(name, [nameOf(earlier)]);
  else successors.push(nameOf(earlier));
}

/** The names of the first cycle met, in order. Does not recurse: plans may be long. @internal */
export function findCycle(graph: Graph): readonly string[] | undefined {
  const finished = new Set<string>();
  for (const start of graph.keys()) {
    if (finished.has(start)) continue;
    const way: string[] = [];
    const onWay = new Set<string>();
    const stack: { readonly node: string; next: number }[] = [{ node: start, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next === 0) {
        way.push(top.node);
        onWay.add(top.node);
      }
      const successor = graph.get(top.node)?.[top.next];
      top.next += 1;
      if (successor === undefined) {
        finished.add(top.node);
        onWay.delete(top.node);
        way.pop();
        stack.pop();
      } else if (onWay.has(successor)) {
        return way.slice(way.indexOf(successor));
      } else if (!finished.has(successor)) {
        stack.push({ node: successor, next: 0 });
      }
    }
  }
  return undefined;
}
