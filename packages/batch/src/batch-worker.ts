import { analyze } from "@atlas/errors";
import type { AdaptiveController } from "./adaptive/adaptive-controller.ts";
import type { CheckpointRun, SettledItem } from "./batch-checkpoint.ts";
import type { BatchCoordinatorOptions } from "./batch-coordinator-options.ts";
import type { BatchWorkload } from "./batch-operation.ts";
import type { ResolvedBatchOptions } from "./batch-options.ts";
import type { BatchEntry } from "./batch-processor.ts";
import type { JobReporter } from "./job-reporter.ts";
import type { LiveSettings } from "./live-settings.ts";
import { processBatch, type RecordOutcomes, type SettledBatch } from "./process-batch.ts";
import type { ResultCollector, Stop } from "./result-collector.ts";
import { failedItemOf } from "./retry-items.ts";

/** What the batches of one job have in common. */
export interface BatchWorkerParts<Input, Item, Result, Transaction> {
  readonly options: ResolvedBatchOptions<Input, Item, Transaction>;
  readonly operation: BatchWorkload<Item, Result, Transaction>;
  readonly tools: Required<BatchCoordinatorOptions>;
  readonly signal: AbortSignal;
  readonly collector: ResultCollector<Result, Input>;
  readonly reporter: JobReporter;
  readonly settings: LiveSettings;
  readonly controller: AdaptiveController | undefined;
}

/** Sees one batch after the other through, from its first attempt to its report. */
export class BatchWorker<Input, Item, Result, Transaction> {
  /** Set before the first batch when the job is durable. */
  checkpoint: CheckpointRun<Transaction> | undefined;
  readonly #parts: BatchWorkerParts<Input, Item, Result, Transaction>;

  constructor(parts: BatchWorkerParts<Input, Item, Result, Transaction>) {
    this.#parts = parts;
  }

  /**
   * Answers with what has to stop the job; rejects only when a function of the
   * options throws. `concurrency` counts this batch.
   */
  async process(
    batch: readonly BatchEntry<Input>[],
    concurrency: number,
  ): Promise<Stop | undefined> {
    const { options, operation, tools, signal, settings, controller } = this.#parts;
    const { collector, reporter } = this.#parts;
    const beganAt = tools.clock();
    const ticket = controller?.begin();
    const record = this.#recorder();
    let retries = 0;
    const settled = await processBatch(batch, {
      options,
      operation,
      signal,
      retry: () => settings.retry,
      sleep: tools.sleep,
      random: tools.random,
      onRetry: (retry) => {
        retries += retry.items;
        reporter.tell({ type: "batch.retry", ...retry });
      },
      ...(record === undefined ? {} : { record }),
    });
    const now = tools.clock();
    const durationMs = now - beganAt;
    collector.retries += retries;
    const rolledBack = this.#collect(settled, { concurrency, retries, durationMs });
    const stop = (await this.#handOut(settled.entries)) ?? this.#reasonToStop(settled.failure);
    const sample = { items: batch.length, durationMs, troubled: retries + rolledBack };
    const decision = ticket && controller?.settled(ticket, sample);
    if (decision !== undefined) {
      settings.batchSize = decision.batchSize;
      settings.concurrency = decision.concurrency;
      reporter.tell({ type: "batch.adapted", ...decision });
    }
    reporter.report(collector.counts, now);
    return stop;
  }

  /** Hands out entries that will not be processed. */
  handOutCancelled(batch: readonly BatchEntry<Input>[]): Promise<Stop | undefined> {
    return this.#handOut(batch.map((entry) => ({ entry, outcome: { status: "cancelled" } })));
  }

  /** Adds up a batch and tells of it; answers how many items were rolled back. */
  #collect(
    { entries }: SettledBatch<Input, Result>,
    measured: {
      readonly concurrency: number;
      readonly retries: number;
      readonly durationMs: number;
    },
  ): number {
    const { collector, reporter } = this.#parts;
    const counts = { succeeded: 0, failed: 0, skipped: 0, rolledBack: 0, cancelled: 0 };
    for (const { entry, outcome } of entries) {
      counts[outcome.status] += 1;
      collector.add(entry, outcome);
    }
    const { succeeded, failed, skipped, rolledBack } = counts;
    const fates = { items: entries.length, succeeded, failed, skipped, rolledBack };
    reporter.tell({ type: "batch.processed", ...fates, ...measured });
    return rolledBack;
  }

  async #handOut(entries: SettledBatch<Input, Result>["entries"]): Promise<Stop | undefined> {
    const { onFailedItem } = this.#parts.options;
    if (onFailedItem === undefined) return undefined;
    try {
      for (const { entry, outcome } of entries) {
        const failed = failedItemOf(entry, outcome);
        if (failed !== undefined) await onFailedItem(failed);
      }
      return undefined;
    } catch (error) {
      // Items that nobody keeps would be lost.
      return { reason: "failed", error };
    }
  }

  #recorder(): RecordOutcomes<Transaction> | undefined {
    const { checkpoint } = this;
    if (checkpoint === undefined) return undefined;
    return (entries, outcomes, { isFinal, transaction }) => {
      const items = entries.flatMap((place, at) => {
        const outcome = outcomes[at]!;
        // What `isFinal` lets through is one of the three fates that a checkpoint keeps.
        return isFinal(outcome) ? [{ place, outcome: outcome as SettledItem["outcome"] }] : [];
      });
      return checkpoint.record(items, transaction);
    };
  }

  #reasonToStop(failure: { readonly error: unknown } | undefined): Stop | undefined {
    const { options, signal, collector, settings } = this.#parts;
    if (signal.aborted) return undefined;
    if (failure !== undefined) {
      const { severity, recoverable } = analyze(failure.error);
      // A full disk or a defect meets every batch that follows.
      const hopeless = severity === "critical" || !recoverable;
      if (hopeless || options.mode === "all-or-nothing") {
        return { reason: "failed", error: failure.error };
      }
    }
    const { failed, skipped } = collector.counts;
    return failed + skipped > settings.skipLimit ? { reason: "skipLimit" } : undefined;
  }
}
