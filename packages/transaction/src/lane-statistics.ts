import { DurationHistogram } from "./duration-histogram.ts";
import { RateMeter } from "./rate-meter.ts";
import type { TransactionStatistics } from "./transaction-status.ts";

/** What a lane and its retries count. @internal */
export class LaneStatistics {
  readonly wait: DurationHistogram = new DurationHistogram();
  readonly body: DurationHistogram = new DurationHistogram();
  committed = 0;
  rolledBack = 0;
  unknown = 0;
  retries = 0;
  retriesRefused = 0;
  refused = 0;
  readonly #total = new DurationHistogram();
  readonly #rate: RateMeter;

  constructor(now: number) {
    this.#rate = new RateMeter(now);
  }

  recordCommit(now: number, totalMs: number): void {
    this.committed += 1;
    this.#rate.record(now);
    this.#total.record(totalMs);
  }

  summary(now: number): TransactionStatistics {
    const { committed, rolledBack, unknown, retries, retriesRefused, refused } = this;
    return {
      committed,
      rolledBack,
      unknown,
      retries,
      retriesRefused,
      refused,
      commitsPerSecond: this.#rate.perSecond(now),
      wait: this.wait.summary(),
      body: this.body.summary(),
      total: this.#total.summary(),
    };
  }
}
