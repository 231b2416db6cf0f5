import { analyze } from "@atlas/errors";
import type {
  BatchItemContext,
  BatchItemPlace,
  BatchSetContext,
  BatchSetOperation,
  BatchWorkload,
} from "./batch-operation.ts";
import type { ItemOutcome } from "./batch-processor.ts";
import { readSetFailure } from "./item-failure.ts";

/** Puts together what the operation is told of an entry. */
export function contextOf<Transaction>(
  { index, key, attempt }: BatchItemPlace,
  signal: AbortSignal,
  transaction: Transaction,
): BatchItemContext<Transaction> {
  return { index, key, attempt, signal, transaction };
}

/** Runs the operation on one item. */
export async function runOne<Item, Result, Transaction>(
  operation: BatchWorkload<Item, Result, Transaction>,
  item: Item,
  context: BatchItemContext<Transaction>,
): Promise<Result> {
  if (typeof operation === "function") return operation(item, context);
  const { signal, transaction } = context;
  try {
    const results = await runSet(operation, [item], { places: [context], signal, transaction });
    return results[0]!;
  } catch (error) {
    throw readSetFailure(error).error;
  }
}

/** Runs an operation over a set, and holds it to one result per item. */
export async function runSet<Item, Result, Transaction>(
  operation: BatchSetOperation<Item, Result, Transaction>,
  items: readonly Item[],
  context: BatchSetContext<Transaction>,
): Promise<readonly Result[]> {
  const results = await operation.all(items, context);
  if (Array.isArray(results) && results.length === items.length) return results;
  throw new RangeError("An operation over a set must answer with one result per item.");
}

/** Runs the operation on one item; what it throws becomes its outcome. */
export async function runItem<Item, Result, Transaction>(
  operation: BatchWorkload<Item, Result, Transaction>,
  item: Item,
  context: BatchItemContext<Transaction>,
): Promise<ItemOutcome<Result>> {
  try {
    return { status: "succeeded", result: await runOne(operation, item, context) };
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
