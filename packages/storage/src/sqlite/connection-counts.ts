import type { ConnectionMetrics } from "../connection-state-manager.ts";
import type { SessionCounts } from "./sqlite-session.ts";

/** Counts of a connection and the time for which it was held. */
export interface ReaderCounts extends Readonly<SessionCounts> {
  readonly heldMs: number;
}

/** The counts of nobody. */
export const noCounts: ReaderCounts = Object.freeze({
  queries: 0,
  errors: 0,
  busyMs: 0,
  queryMs: 0,
  maxMs: 0,
  bytes: 0,
  heldMs: 0,
});

/** Both together. */
export function addCounts(a: ReaderCounts, b: ReaderCounts): ReaderCounts {
  return {
    queries: a.queries + b.queries,
    errors: a.errors + b.errors,
    busyMs: a.busyMs + b.busyMs,
    queryMs: a.queryMs + b.queryMs,
    maxMs: Math.max(a.maxMs, b.maxMs),
    bytes: a.bytes + b.bytes,
    heldMs: a.heldMs + b.heldMs,
  };
}

/** Counts in the form users get them. */
export function metricsOf(counts: ReaderCounts): ConnectionMetrics {
  const { queries, errors, busyMs, queryMs, maxMs, bytes, heldMs } = counts;
  const meanMs = queries === 0 ? 0 : queryMs / queries;
  return { queries, errors, latency: { meanMs, maxMs }, bytesTransferred: bytes, busyMs, heldMs };
}
