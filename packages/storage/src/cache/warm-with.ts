import type { CacheWarmReport } from "./cache-manager.ts";

/** Runs works, a few at a time; counts what fails. */
export async function warmWith(
  works: Iterable<() => Promise<unknown>>,
  concurrency: number,
): Promise<CacheWarmReport> {
  // One iterator for all, so that each of them takes the next work.
  const waiting = works[Symbol.iterator]();
  const report = { loaded: 0, failed: 0 };
  const run = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      try {
        await next.value();
        report.loaded += 1;
      } catch {
        report.failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
  return report;
}
