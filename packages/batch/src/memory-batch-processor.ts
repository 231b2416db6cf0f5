import type { BatchOperation } from "./batch-operation.ts";
import type {
  Batch,
  BatchOutcome,
  BatchProcessor,
  BatchValidate,
  ItemOutcome,
} from "./batch-processor.ts";
import { judgeItems } from "./judge-items.ts";
import { contextOf, runItem } from "./run-item.ts";

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
  return new MemoryProcessor((items: readonly Item[]) => ({
    results: items.map((value) => ({ ok: true, value, issues: [], truncated: false })),
  }));
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
    operation: BatchOperation<Item, Result>,
  ): Promise<BatchOutcome<Result>> {
    const judgements = await judgeItems(this.#validate, entries, undefined);
    const items: ItemOutcome<Result>[] = [];
    for (const [at, entry] of entries.entries()) {
      const judgement = judgements[at];
      if (signal.aborted || judgement === undefined) {
        items.push({ status: "cancelled" });
      } else if (judgement.accepted) {
        items.push(await runItem(operation, judgement.item, contextOf(entry, signal, undefined)));
      } else {
        items.push({ status: "skipped", error: judgement.error });
      }
    }
    return { items };
  }
}
