import { requireValid } from "@atlas/validation";
import type { BatchEntry, BatchValidate } from "./batch-processor.ts";

/** An item that may be processed, or the reason why not. */
export type Judgement<Item> =
  | { readonly accepted: true; readonly item: Item }
  | { readonly accepted: false; readonly error: unknown };

/**
 * Asks the validation about all entries at once.
 *
 * @throws {AtlasError} validation.failed when the stored state has errors
 */
export async function judgeItems<Input, Item, Transaction>(
  validate: BatchValidate<Input, Item, Transaction>,
  entries: readonly BatchEntry<Input>[],
  transaction: Transaction,
): Promise<readonly Judgement<Item>[]> {
  const { results, stateIssues = [] } = await validate(
    entries.map(({ item }) => item),
    transaction,
  );
  if (stateIssues.some(({ severity }) => severity === "error")) {
    requireValid({ ok: false, issues: stateIssues, truncated: false });
  }
  if (results.length !== entries.length) {
    throw new RangeError("The validation must answer with one result per item.");
  }
  return results.map((result) => {
    if (result.ok) return { accepted: true, item: result.value };
    try {
      return { accepted: true, item: requireValid(result) };
    } catch (error) {
      return { accepted: false, error };
    }
  });
}
