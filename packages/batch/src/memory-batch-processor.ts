import type { BatchWorkload } from "./batch-operation.ts";
import type {
  Batch,
  BatchOutcome,
  BatchProcessor,
  BatchValidate,
  ItemOutcome,
} from "./batch-processor.ts";
import { acceptAll } from "./accept-all.ts";
import { judgeItems } from "./judge-items.ts";
import { readSetFailure } from "./item-failure.ts";
import { contextOf, outcomeOfError, runItem, runSet } from "./run-item.ts";

/** The port of a memory processor. */
export interface MemoryBatchPorts<Input, Item> {
  /** Refuses items before the operation sees them. */
  readonly validate: BatchValidate<Input, Item, undefined>;
}

/**
 * Makes a processor that calls the operation and nothing else: what an
 * operation has done before it failed stays done.
 */
export function createMemoryBatchProcessor<Input, Item = Input>(
  ports: MemoryBatchPorts<Input, Item>,
): BatchProcessor<Input, Item> {
  return new MemoryProcessor(ports.validate);
}

/** The processor of a batch for which none was named: it accepts every item as it is. */
export function createPlainBatchProcessor<Item>(): BatchProcessor<Item> {
  return new MemoryProcessor(acceptAll<Item>);
}

class MemoryProcessor<Input, Item> implements BatchProcessor<Input, Item> {
  readonly batchSizeDefault = 1;
  readonly supportsAllOrNothing = false;
  readonly #validate: BatchValidate<Input, Item, undefined>;

  constructor(validate: BatchValidate<Input, Item, undefined>) {
    this.#validate = validate;
  }

  async processBatch<Result>(
    { entries, signal }: Batch<Input>,
    operation: BatchWorkload<Item, Result>,
  ): Promise<BatchOutcome<Result>> {
    const judgements = await judgeItems(this.#validate, entries, undefined);
    const items: ItemOutcome<Result>[] = entries.map(() => ({ status: "cancelled" }));
    const accepted: number[] = [];
    for (const [at, judgement] of judgements.entries()) {
      if (judgement.accepted) accepted.push(at);
      else items[at] = { status: "skipped", error: judgement.error };
    }
    const itemAt = (at: number): Item => {
      const judgement = judgements[at]!;
      if (!judgement.accepted) throw new RangeError("Only accepted items are processed.");
      return judgement.item;
    };
    if (typeof operation === "function") {
      for (const at of accepted) {
        if (signal.aborted) break;
        const context = contextOf(entries[at]!, signal, undefined);
        items[at] = await runItem(operation, itemAt(at), context);
      }
    } else if (accepted.length > 0 && !signal.aborted) {
      const places = accepted.map((at) => entries[at]!);
      try {
        const context = { places, signal, transaction: undefined };
        const results = await runSet(operation, accepted.map(itemAt), context);
        for (const [position, at] of accepted.entries()) {
          items[at] = { status: "succeeded", result: results[position]! };
        }
      } catch (thrown) {
        // Nothing can be undone, so none of them can be called done.
        const { error } = readSetFailure(thrown);
        for (const at of accepted) items[at] = outcomeOfError(error, signal);
      }
    }
    return { items };
  }
}
