import {
  type BatchJudgement,
  type BatchProcessor,
  type BatchSetOperation,
  createTransactionalBatchProcessor,
} from "@atlas/batch";
import type { Connection } from "@atlas/storage";
import type { Transaction, TransactionManager } from "@atlas/transaction";
import type { BatchValidationResult, ValidationResult } from "@atlas/validation";
import { checkRules } from "./check-rules.ts";
import { type CollectionRuntime, withoutOwned } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import { keyText } from "./record-key.ts";
import type { RecordWriter, WrittenRecord } from "./record-writer.ts";
import type { SavedRecord } from "./save-all.ts";

/** Longest time a batch may keep the writer, in milliseconds. */
const holdTimeoutMs = 60_000;

/** What saving many records works with. */
export interface SaveParts {
  readonly runtime: CollectionRuntime;
  readonly writer: RecordWriter;
  readonly transactions: TransactionManager;
  readonly actor: string | undefined;
}

/** A record that may be saved, and what it replaces. */
export interface Candidate {
  readonly record: Row;
  readonly before: Row | undefined;
}

/** A record on its way; replaced when settling finds that it has changed since. */
export interface Saving {
  written: WrittenRecord;
}

/** Sees what was found wrong with the records of a batch. */
export type OnJudged = (judged: BatchValidationResult<Row>) => void;

/**
 * Checks the records of each batch and settles what was saved of them, in one
 * transaction. What it knows of a batch travels with the candidates, so batches
 * may overlap.
 */
export function createSaveProcessor(
  parts: SaveParts,
  onJudged: OnJudged = () => {},
): BatchProcessor<unknown, Candidate, Transaction> {
  const { transactions, writer, actor } = parts;
  return createTransactionalBatchProcessor<unknown, Candidate, Transaction>({
    atomic: (body) => transactions.atomic(body, { holdTimeoutMs }),
    async validate(inputs, connection) {
      const judged = await judge(parts, inputs, connection);
      onJudged(judged.validation);
      return judged.judgement;
    },
    async updateIndexes(changes) {
      // Results are what `saveOperation` answered.
      const savings = changes.map(({ result }) => result as Saving);
      const settled = await writer.settle(
        savings.map(({ written }) => written),
        actor,
      );
      for (const [at, saving] of savings.entries()) saving.written = settled[at]!;
    },
  });
}

/** Writes the records of a batch; the processor settles what follows from them. */
export function saveOperation({
  runtime,
  writer,
}: SaveParts): BatchSetOperation<Candidate, Saving, Transaction> {
  return {
    async all(candidates) {
      const stored = new Map<string, Row>();
      for (const { record, before } of candidates) {
        // One alone may come after others of its batch, which may have had the same key.
        const row = candidates.length === 1 ? await writer.find(record) : before;
        if (row !== undefined) stored.set(keyText(runtime.definition, record), row);
      }
      const written = await writer.writeMany(
        candidates.map(({ record }) => record),
        stored,
      );
      return written.map((each): Saving => ({ written: each }));
    },
  };
}

/** What a caller is told of a record that was saved. */
export function savedRecordOf({ status, after }: WrittenRecord): SavedRecord<Row> {
  // Nothing is deleted by saving, and every saved record is there afterwards.
  return { status: status as SavedRecord<Row>["status"], record: after! };
}

interface Judged {
  readonly validation: BatchValidationResult<Row>;
  readonly judgement: BatchJudgement<Candidate>;
}

async function judge(
  { runtime, writer, actor }: SaveParts,
  inputs: readonly unknown[],
  connection: Connection,
): Promise<Judged> {
  const form = await runtime.schemas.validateMany(
    inputs.map((input) => withoutOwned(runtime, input)),
  );
  const records = form.results.flatMap((result) => (result.ok ? [result.value] : []));
  const befores = await storedUnder(records, { runtime, writer, connection });
  const ruled = await checkRules(runtime, { records, befores, connection, actor });
  const validation = ruled === undefined ? form : merged(form, ruled);
  const results = validation.results.map((result): ValidationResult<Candidate> => {
    if (!result.ok) return result;
    return { ...result, value: { record: result.value, before: befores.get(result.value) } };
  });
  return { validation, judgement: { results, stateIssues: validation.stateIssues } };
}

/** What is stored under the keys of all records: by record, what it replaces. */
async function storedUnder(
  records: readonly Row[],
  {
    runtime,
    writer,
    connection,
  }: Pick<SaveParts, "runtime" | "writer"> & { readonly connection: Connection },
): Promise<ReadonlyMap<Row, Row>> {
  const { definition, statements } = runtime;
  const [column] = definition.key;
  const stored = new Map<string, Row>();
  if (definition.key.length === 1) {
    const keys = [...new Set(records.map((record) => record[column!]))];
    for (const row of await connection.all(statements.selectMany, { keys })) {
      stored.set(keyText(definition, row), row);
    }
  } else {
    for (const record of records) {
      const row = await writer.find(record);
      if (row !== undefined) stored.set(keyText(definition, row), row);
    }
  }
  const befores = new Map<Row, Row>();
  for (const record of records) {
    const row = stored.get(keyText(definition, record));
    if (row !== undefined) befores.set(record, row);
  }
  return befores;
}

/** Results of the rules put in place of the schema's for records that passed it. */
function merged(
  form: BatchValidationResult<Row>,
  ruled: BatchValidationResult<Row>,
): BatchValidationResult<Row> {
  let at = 0;
  const results: ValidationResult<Row>[] = form.results.map((result) =>
    result.ok ? ruled.results[at++]! : result,
  );
  return {
    ok: form.ok && ruled.ok,
    results,
    stateIssues: ruled.stateIssues,
    truncated: form.truncated || ruled.truncated,
  };
}
