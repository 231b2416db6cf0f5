/** Records, the tree they stand in, and what waits for what. */
export interface LinkGraph {
  readonly ids: readonly string[];
  readonly parents: ReadonlyMap<string, string>;
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}

/** A dependency: `from` waits for `to`. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

interface Edge {
  readonly target: string;
  /** Present when the edge is a dependency, and not part of the tree. */
  readonly link?: Link;
}

/**
 * The dependencies to leave out so that everything can be worked through.
 *
 * A record begins after the one above has begun and its dependencies are done;
 * it is done after it has begun and everything below is done. A dependency that
 * would make one of these moments wait for itself is left out: the one that
 * closes the circle when the records are visited in the order of the source.
 * So the same source always loses the same links.
 */
export function findBlockedLinks({ ids, parents, dependencies }: LinkGraph): readonly Link[] {
  const edges = new Map<string, Edge[]>();
  const connect = (source: string, edge: Edge): void => {
    const known = edges.get(source);
    if (known === undefined) edges.set(source, [edge]);
    else known.push(edge);
  };
  for (const id of ids) {
    connect(done(id), { target: begun(id) });
    const parent = parents.get(id);
    if (parent !== undefined) {
      connect(begun(id), { target: begun(parent) });
      connect(done(parent), { target: done(id) });
    }
    for (const to of dependencies.get(id) ?? [])
      connect(begun(id), { target: done(to), link: { from: id, to } });
  }
  const blocked: Link[] = [];
  for (;;) {
    const link = findCircle(edges);
    if (link === undefined) return blocked;
    blocked.push(link);
    const source = begun(link.from);
    edges.set(
      source,
      (edges.get(source) ?? []).filter((edge) => edge.link?.to !== link.to),
    );
  }
}

const begun = (id: string): string => `b${id}`;
const done = (id: string): string => `d${id}`;

/** The last dependency on the way around a circle, if there is one; without recursion. */
function findCircle(edges: ReadonlyMap<string, readonly Edge[]>): Link | undefined {
  const finished = new Set<string>();
  for (const start of edges.keys()) {
    if (finished.has(start)) continue;
    const way: { readonly node: string; readonly link?: Link; next: number }[] = [
      { node: start, next: 0 },
    ];
    const onWay = new Map([[start, 0]]);
    while (way.length > 0) {
      const top = way[way.length - 1]!;
      const edge = edges.get(top.node)?.[top.next];
      top.next += 1;
      if (edge === undefined) {
        finished.add(top.node);
        onWay.delete(top.node);
        way.pop();
        continue;
      }
      const circleStart = onWay.get(edge.target);
      if (circleStart !== undefined)
        return edge.link ?? way.slice(circleStart + 1).findLast(({ link }) => link)?.link;
      if (finished.has(edge.target)) continue;
      onWay.set(edge.target, way.length);
      way.push({ node: edge.target, next: 0, ...(edge.link && { link: edge.link }) });
    }
  }
  return undefined;
}
