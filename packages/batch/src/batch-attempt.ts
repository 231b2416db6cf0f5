import { analyze } from "@atlas/errors";
import type { Batch, ItemOutcome } from "./batch-processor.ts";
import { outcomeOfError } from "./run-item.ts";

/** The outcomes of one run of a transaction's body; final only when it is committed. */
export class BatchAttempt<Result> {
  /** True when nothing but the commit is missing. */
  bodyCompleted = false;
  readonly #batch: Pick<Batch<unknown>, "entries" | "signal">;
  #outcomes: (ItemOutcome<Result> | undefined)[] = [];

  constructor(batch: Pick<Batch<unknown>, "entries" | "signal">) {
    this.#batch = batch;
    this.reset();
  }

  /** Forgets what was undone inside the transaction. */
  reset(): void {
    this.#outcomes = this.#batch.entries.map(() => undefined);
  }

  set(at: number, outcome: ItemOutcome<Result>): void {
    this.#outcomes[at] = outcome;
  }

  fail(at: number, error: unknown): void {
    this.set(at, outcomeOfError(error, this.#batch.signal));
  }

  /** What became of the items if the transaction is committed. */
  committed(): readonly ItemOutcome<Result>[] {
    return this.#outcomes.map((outcome) => outcome ?? { status: "cancelled" });
  }

  /** What became of them if it is not. */
  undone(error: unknown): readonly ItemOutcome<Result>[] {
    const unknown = this.bodyCompleted && analyze(error).txState === "unknown";
    const cancelled = outcomeOfError(error, this.#batch.signal).status === "cancelled";
    return this.#outcomes.map((outcome) => {
      if (outcome === undefined && cancelled) return { status: "cancelled" };
      if (outcome !== undefined && outcome.status !== "succeeded") return outcome;
      // Whether it was committed cannot be told, so it must not be called rolled back.
      return unknown ? { status: "failed", error } : { status: "rolledBack", error };
    });
  }
}
