import { AtlasError } from "@atlas/errors";
import { type BatchValidationResult, requireValid } from "@atlas/validation";
import type { BulkFailure } from "./task-input.ts";

/** What `item-by-item` did. @internal */
export interface BulkOutcome {
  readonly ids: readonly string[];
  readonly failures: readonly BulkFailure[];
}

/** One after the other: they share a connection, and later ones see what earlier ones did. @internal */
export async function inOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/**
 * Runs each valid item by itself and collects what went wrong with the others.
 * `work` undoes what a failing item has done.
 *
 * @internal
 */
export async function itemByItem<Input>(
  checked: BatchValidationResult<Input>,
  work: (input: Input) => Promise<string>,
): Promise<BulkOutcome> {
  const ids: string[] = [];
  const failures: BulkFailure[] = [];
  for (const [index, result] of checked.results.entries()) {
    try {
      ids.push(await work(requireValid(result)));
    } catch (error) {
      failures.push(failureOf(index, error));
    }
  }
  return { ids, failures };
}

/** True for what is wrong with the item rather than with the store. @internal */
export function isItemError(error: unknown): error is AtlasError {
  return AtlasError.is(error) && ["task", "validation"].includes(error.category);
}

function failureOf(index: number, error: unknown): BulkFailure {
  if (!isItemError(error)) throw error;
  return { index, code: error.code, message: error.message };
}
