import type { NamedLock } from "./named-lock.ts";
import type { LockRequest, Owner } from "./lock-request.ts";

/**
 * A circle of waits through `start`, as the requests that form it, or undefined.
 *
 * The nodes are owners; an owner waits for whoever keeps one of its requests
 * from being granted (the wait-for graph of Holt, "Some Deadlock Properties of
 * Computer Systems", ACM Computing Surveys 4(3), 1972, with one unit of each
 * resource). Detection at the begin of every wait, called continuous, is what
 * Agrawal, Carey and McVoy compare with periodic detection and with prevention
 * ("The Performance of Alternative Strategies for Dealing with Deadlocks in
 * Database Management Systems", IEEE TSE 13(12), 1987). The search goes breadth
 * first, so the circle is a shortest one and names nobody who merely queues.
 *
 * @internal
 */
export function findCycle(start: Owner): readonly LockRequest[] | undefined {
  // Nobody can wait for an owner that holds nothing and stands in no other queue.
  if (start.held.size === 0 && start.waiting.size < 2) return undefined;
  const reachedBy = new Map<Owner, LockRequest>();
  const searched = new Map<NamedLock, LockRequest>();
  const open = [start];
  for (const owner of open) {
    for (const request of owner.waiting) {
      const further = searched.get(request.lock);
      if (further !== undefined && request.order < further.order) continue;
      if (coversThoseBefore(request)) searched.set(request.lock, request);
      for (const blocker of request.lock.blockersOf(request)) {
        if (blocker === start) return pathTo(start, request, reachedBy);
        if (reachedBy.has(blocker)) continue;
        reachedBy.set(blocker, request);
        open.push(blocker);
      }
    }
  }
  return undefined;
}

/**
 * True when whoever keeps an earlier request of this queue waiting keeps this
 * one waiting too, so that the earlier ones need no search of their own. Without
 * it a long queue would be walked once per member.
 */
function coversThoseBefore(request: LockRequest): boolean {
  if (request.mode === "shared" || !request.lock.isQueued(request)) return false;
  // An owner does not wait for itself, but those before it may wait for it.
  for (const other of request.owner.waiting)
    if (other !== request && other.lock === request.lock) return false;
  return true;
}

function pathTo(
  start: Owner,
  last: LockRequest,
  reachedBy: ReadonlyMap<Owner, LockRequest>,
): readonly LockRequest[] {
  const path = [last];
  for (let request = last; request.owner !== start;) {
    const before = reachedBy.get(request.owner);
    if (before === undefined) break;
    path.unshift(before);
    request = before;
  }
  return path;
}
