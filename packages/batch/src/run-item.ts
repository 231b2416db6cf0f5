import { analyze } from "@atlas/errors";
import type { BatchItemContext, BatchOperation } from "./batch-operation.ts";
import type { BatchEntry, ItemOutcome } from "./batch-processor.ts";

/** Puts together what the operation is told of an entry. */
export function contextOf<Transaction>(
  { index, key, attempt }: BatchEntry<unknown>,
  signal: AbortSignal,
  transaction: Transaction,
): BatchItemContext<Transaction> {
  return { index, key, attempt, signal, transaction };
}

/** Runs the operation on one item; what it throws becomes its outcome. */
export async function runItem<Item, Result, Transaction>(
  operation: BatchOperation<Item, Result, Transaction>,
  item: Item,
  context: BatchItemContext<Transaction>,
): Promise<ItemOutcome<Result>> {
  try {
    return { status: "succeeded", result: await operation(item, context) };
  } catch (error) {
    return outcomeOfError(error, context.signal);
  }
}

/** What a thrown value means for the item it was thrown for. */
export function outcomeOfError(error: unknown, signal: AbortSignal): ItemOutcome<never> {
  return isCancellation(error, signal) ? { status: "cancelled" } : { status: "failed", error };
}

/** True when the error only says that the batch was cancelled, as that of `fetch` does. */
function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || analyze(error).code.endsWith(".cancelled"));
}
