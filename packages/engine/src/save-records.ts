import { analyze, AtlasError } from "@atlas/errors";
import type { BatchCoordinator, BatchResult, ItemReport } from "@atlas/batch";
import { type BatchValidationResult, requireAllValid } from "@atlas/validation";
import { recordsMax } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import { engineError } from "./errors.ts";
import type { SavedItem, SaveManyOptions, SaveManyResult } from "./save-many.ts";
import {
  createSaveProcessor,
  savedRecordOf,
  saveOperation,
  type SaveParts,
  type Saving,
} from "./save-processor.ts";

/** Records per transaction, item by item: others wait no longer than for these. */
const batchSize = 1_000;

/** Saves many records; see `Collection.saveMany`. */
export async function saveRecords(
  parts: SaveParts & { readonly batches: BatchCoordinator },
  inputs: readonly unknown[],
  { mode = "all-or-nothing", signal }: Omit<SaveManyOptions, "actor">,
): Promise<SaveManyResult<Row>> {
  if (inputs.length > recordsMax) throw tooMany(inputs.length);
  let judged: BatchValidationResult<Row> | undefined;
  const processor = createSaveProcessor(parts, (validation) => (judged = validation));
  const result = await parts.batches.process(inputs, saveOperation(parts), {
    processor,
    mode,
    ...(mode === "item-by-item" ? { batchSize } : {}),
    outcomesMax: recordsMax,
    failuresMax: recordsMax,
    retryItemsMax: 0,
    // Retrying is up to whoever began the transaction around this call, if there is one.
    retry: { attemptsMax: 1 },
    ...(signal === undefined ? {} : { signal }),
  });
  if (mode === "all-or-nothing" && !result.ok) refuse(result, judged);
  return summaryOf(result.outcomes.map(savedItemOf));
}

/** Throws why nothing was saved: every invalid record, or what made the transaction fail. */
function refuse(
  result: BatchResult<Saving>,
  judged: BatchValidationResult<Row> | undefined,
): never {
  if (judged?.ok === false) requireAllValid(judged);
  throw result.stopError ?? result.failures.find((item) => "error" in item)?.error ?? cancelled();
}

function savedItemOf({ result, error }: ItemReport<Saving>): SavedItem<Row> {
  if (result === undefined) return { status: "refused", error: asAtlasError(error ?? cancelled()) };
  return savedRecordOf(result.written);
}

function summaryOf(items: readonly SavedItem<Row>[]): SaveManyResult<Row> {
  const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
  for (const { status } of items) counts[status] += 1;
  return { ok: counts.refused === 0, items, ...counts };
}

function asAtlasError(error: unknown): AtlasError {
  if (AtlasError.is(error)) return error;
  const { code, severity, recoverable } = analyze(error);
  return new AtlasError(code, "The record was not saved; the cause says why.", {
    cause: error,
    severity,
    recoverable,
  });
}

function cancelled(): AtlasError {
  return new AtlasError("operation.cancelled", "The save was cancelled before this record.", {
    severity: "low",
    hint: "Nothing is wrong; the operation was stopped on request.",
  });
}

function tooMany(records: number): Error {
  return engineError(
    "operation.too_many_records",
    `${records} records were given to one call, but at most ${recordsMax} are accepted. ` +
      "Split them, or give them to saveAll.",
    { details: { records, recordsMax } },
  );
}
