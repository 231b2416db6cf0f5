import { type FrameRoot, transactionId } from "./frame.ts";
import type { Priority } from "./transaction-options.ts";
import { type ActiveTransaction, activeListMax } from "./transaction-status.ts";
import type { LaneMembers } from "./writer-lane.ts";

/** Lines of the stack that are kept. */
const originLinesMax = 10;

/** This package, as stacks name it: as a URL, or as a path when something has translated it. */
const ownPlaces: readonly string[] = [new URL(".", import.meta.url).href, import.meta.dirname];

/** What runs, commits, reads and waits, at `now` in milliseconds since the epoch. @internal */
export function activeTransactions(
  { running, committing, waiting }: LaneMembers,
  readers: Iterable<FrameRoot>,
  now: number,
): readonly ActiveTransaction[] {
  const list: ActiveTransaction[] = [];
  const add = (root: FrameRoot, state: ActiveTransaction["state"], priority: Priority): void => {
    if (list.length < activeListMax) list.push(describe(root, { state, priority, now }));
  };
  if (running !== undefined) add(running.frame.root, "running", running.priority);
  for (const { frame, priority } of committing) add(frame.root, "committing", priority);
  for (const root of readers) add(root, "reading", "normal");
  for (const { frame, priority } of waiting) {
    if (list.length >= activeListMax) break;
    add(frame.root, "waiting", priority);
  }
  return list;
}

function describe(
  root: FrameRoot,
  { state, priority, now }: Pick<ActiveTransaction, "state" | "priority"> & { now: number },
): ActiveTransaction {
  return {
    id: transactionId(root),
    state,
    ageMs: Math.max(0, now - root.startedAt),
    operations: root.operations,
    priority,
    ...(root.origin === undefined ? {} : { origin: linesOf(root.origin.stack) }),
  };
}

/** The callers, without the frames of this package. */
function linesOf(stack = ""): readonly string[] {
  return stack
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => !ownPlaces.some((place) => line.includes(place)))
    .slice(0, originLinesMax);
}
