import type { TransactionManager } from "../transaction.ts";
import { batchQueries } from "./file-journal.ts";
import type { FilePlace } from "./file-place.ts";

/** Transactions that are forgotten in one. */
const forgottenAtOnceMax = 1_000;

/**
 * Transactions of which everything has taken effect, as long as the journal
 * still lists them. It is shortened soon, and nobody waits for it: rows of
 * applied changes do no harm.
 *
 * @internal
 */
export class AppliedBatches {
  readonly #place: FilePlace;
  readonly #transactions: TransactionManager;
  readonly #batches = new Set<string>();
  #forgetting: Promise<void> | undefined;

  constructor(place: FilePlace, transactions: TransactionManager) {
    this.#place = place;
    this.#transactions = transactions;
  }

  has(batch: string): boolean {
    return this.#batches.has(batch);
  }

  /** Takes up what could not be forgotten before as well. */
  forget(batches: readonly string[]): void {
    for (const batch of batches) this.#batches.add(batch);
    if (this.#batches.size === 0) return;
    this.#forgetting ??= this.#transactions
      .runWithoutTransaction(() => this.#forgetAll())
      .catch((error: unknown) =>
        this.#place.options.onEvent?.({ type: "files.forget_failed", error }),
      )
      .finally(() => {
        this.#forgetting = undefined;
      });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#forgetting;
  }

  /** In few transactions however many have come together meanwhile. */
  async #forgetAll(): Promise<void> {
    while (this.#batches.size > 0) {
      const some = [...this.#batches].slice(0, forgottenAtOnceMax);
      await this.#transactions.atomic(
        (tx) =>
          tx.runMany(
            batchQueries.forget,
            some.map((batch) => ({ batch })),
          ),
        { durability: "relaxed", priority: "low" },
      );
      for (const batch of some) this.#batches.delete(batch);
      await this.#place.step({ step: "forgotten" });
    }
  }
}
