import type { BatchOperation } from "../batch-operation.ts";
import type { BatchProcessor } from "../batch-processor.ts";

/**
 * A processor over a store of texts that begins empty.
 *
 * Its validation refuses the empty text and nothing else.
 */
export interface ProcessorHarness<Transaction> extends AsyncDisposable {
  readonly processor: BatchProcessor<string, string, Transaction>;
  /** Adds a text to the store, inside the transaction if there is one. */
  readonly store: BatchOperation<string, void, Transaction>;
  /** All texts of the store, in any order. */
  stored(): Promise<readonly string[]>;
}

/** One promise that every BatchProcessor keeps. */
export interface ProcessorRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  check<Transaction>(open: () => Promise<ProcessorHarness<Transaction>>): Promise<void>;
}
