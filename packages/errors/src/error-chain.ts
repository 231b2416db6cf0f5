import { readProperty } from "./read-property.ts";

/** Errors looked at per diagnosis, the first one included. */
const chainLengthMax = 16;

/**
 * The errors behind an error, nearest first: causes, and the parts of errors
 * that stand for several (`AggregateError`, `SuppressedError`). Bounded by
 * {@link chainLengthMax}; a cycle ends the walk.
 */
export function errorChain(error: unknown): readonly unknown[] {
  const chain: unknown[] = [error];
  for (let at = 0; at < chain.length; at += 1) {
    for (const next of behind(chain[at])) {
      if (chain.length === chainLengthMax) return chain;
      if (next !== undefined && next !== null && !chain.includes(next)) chain.push(next);
    }
  }
  return chain;
}

function behind(error: unknown): readonly unknown[] {
  const parts = readProperty(error, "errors");
  return [
    readProperty(error, "cause"),
    // Of a SuppressedError the suppressed one came first; `error` is what cleaning up added.
    readProperty(error, "suppressed"),
    readProperty(error, "error"),
    ...(Array.isArray(parts) ? parts.slice(0, chainLengthMax) : []),
  ];
}
