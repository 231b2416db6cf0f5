import type { BatchCoordinator, BatchInput, BatchResult } from "@atlas/batch";
import type { BatchJobStore } from "@atlas/batch/checkpoints";
import type { AnyCollection } from "./collection-definition.ts";
import type { Row } from "./collection-statements.ts";
import { keyText } from "./record-key.ts";
import type { SaveAllOptions, SavedRecord } from "./save-all.ts";
import {
  createSaveProcessor,
  savedRecordOf,
  saveOperation,
  type SaveParts,
} from "./save-processor.ts";

/** What saving a stream works with. */
export interface StreamParts extends SaveParts {
  readonly batches: BatchCoordinator;
  readonly jobs: BatchJobStore;
}

/** Saves any number of records; see `Collection.saveAll`. */
export async function saveStream(
  parts: StreamParts,
  records: BatchInput<unknown>,
  { job, ...options }: Omit<SaveAllOptions<unknown>, "actor">,
): Promise<BatchResult<SavedRecord<Row>>> {
  const { definition } = parts.runtime;
  const result = await parts.batches.process(records, saveOperation(parts), {
    name: `${definition.name}.saveAll`,
    keyOf: (record) => nameOf(definition, record),
    ...options,
    processor: createSaveProcessor(parts),
    ...(job === undefined ? {} : { checkpoint: parts.jobs.checkpoint(job) }),
  });
  return {
    ...result,
    // Nothing that was saved is among the failures.
    failures: result.failures.map(({ result: _none, ...report }) => report),
    outcomes: result.outcomes.map(({ result: saving, ...report }) =>
      saving === undefined ? report : { ...report, result: savedRecordOf(saving.written) },
    ),
  };
}

/** The key of a record that may have any form yet. */
function nameOf(definition: AnyCollection, record: unknown): string {
  return typeof record === "object" && record !== null ? keyText(definition, record as Row) : "";
}
