import { setTimeout as sleep } from "node:timers/promises";
import { analyze } from "@atlas/errors";
import { fullJitterMs } from "./full-jitter.ts";
import type { LaneStatistics } from "./lane-statistics.ts";
import { mayRetry, type RetryBudget, retryDefaults } from "./retry-policy.ts";
import type { ResolvedManagerOptions, TransactionOptions } from "./transaction-options.ts";

/** What the retries of one manager share. @internal */
export interface RetryHost {
  readonly budget: RetryBudget;
  readonly statistics: LaneStatistics;
  readonly options: ResolvedManagerOptions;
}

/** Runs `attempt` until it succeeds, may not be repeated, or was tried often enough. @internal */
export async function runWithRetry(
  { budget, statistics, options: { random, onEvent } }: RetryHost,
  { retry, signal }: TransactionOptions,
  attempt: () => Promise<unknown>,
): Promise<unknown> {
  const attemptsMax = retry?.attemptsMax ?? retryDefaults.attemptsMax;
  const pauses = {
    pauseMs: retry?.baseDelayMs ?? retryDefaults.baseDelayMs,
    pauseMaxMs: retry?.maxDelayMs ?? retryDefaults.maxDelayMs,
  };
  for (let count = 1; ; count += 1) {
    try {
      const result = await attempt();
      budget.succeeded();
      return result;
    } catch (error) {
      if (count >= attemptsMax || !mayRetry(error) || signal?.aborted === true) throw error;
      if (!budget.take()) {
        statistics.retriesRefused += 1;
        throw error;
      }
      statistics.retries += 1;
      const delayMs = fullJitterMs(count + 1, pauses, random);
      onEvent?.({ type: "transaction.retry", attempt: count, delayMs, code: analyze(error).code });
      // A signal that fires meanwhile is answered by the next attempt, which does not begin.
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
    }
  }
}
