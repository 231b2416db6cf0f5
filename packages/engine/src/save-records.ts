import { analyze, AtlasError } from "@atlas/errors";
import {
  type BatchCoordinator,
  type BatchJudgement,
  type BatchResult,
  createTransactionalBatchProcessor,
  type ItemReport,
} from "@atlas/batch";
import type { Connection } from "@atlas/storage";
import type { Transaction, TransactionManager } from "@atlas/transaction";
import {
  requireAllValid,
  type BatchValidationResult,
  type ValidationResult,
} from "@atlas/validation";
import { checkRules } from "./check-rules.ts";
import { type CollectionRuntime, recordsMax, withoutOwned } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import { engineError } from "./errors.ts";
import { keyText } from "./record-key.ts";
import type { RecordWriter, WrittenRecord } from "./record-writer.ts";
import type { SavedItem, SaveManyOptions, SaveManyResult } from "./save-many.ts";

/** Longest time a batch may keep the writer, in milliseconds. */
const holdTimeoutMs = 60_000;

/** What saving many records works with. */
export interface SaveParts {
  readonly runtime: CollectionRuntime;
  readonly writer: RecordWriter;
  readonly transactions: TransactionManager;
  readonly batches: BatchCoordinator;
}

/** A record on its way; replaced when settling finds that it has changed since. */
interface Saving {
  written: WrittenRecord;
}

/** Saves many records; see `Collection.saveMany`. */
export async function saveRecords(
  parts: SaveParts,
  inputs: readonly unknown[],
  options: Omit<SaveManyOptions, "actor"> & { readonly actor: string | undefined },
): Promise<SaveManyResult<Row>> {
  if (inputs.length > recordsMax) throw tooMany(inputs.length);
  const { mode = "all-or-nothing", signal } = options;
  const job = new SaveJob(parts, options.actor);
  const result = await parts.batches.process(
    inputs,
    (record, context) => job.save(record, context),
    {
      processor: job.processor(),
      mode,
      outcomesMax: recordsMax,
      failuresMax: recordsMax,
      // Retrying is up to whoever began the transaction around this call, if there is one.
      retry: { attemptsMax: 1 },
      ...(signal === undefined ? {} : { signal }),
    },
  );
  if (mode === "all-or-nothing" && !result.ok) job.refuse(result);
  return summaryOf(result.outcomes.map(savedItemOf));
}

class SaveJob {
  readonly #parts: SaveParts;
  readonly #actor: string | undefined;
  /** The stored record by key, as it is at this moment of the transaction. */
  readonly #stored = new Map<string, Row>();
  #judged: BatchValidationResult<Row> | undefined;

  constructor(parts: SaveParts, actor: string | undefined) {
    this.#parts = parts;
    this.#actor = actor;
  }

  processor(): ReturnType<typeof createTransactionalBatchProcessor<unknown, Row, Transaction>> {
    const { transactions, writer } = this.#parts;
    return createTransactionalBatchProcessor<unknown, Row, Transaction>({
      atomic: (body) => transactions.atomic(body, { holdTimeoutMs }),
      validate: (inputs, connection) => this.#judge(inputs, connection),
      updateIndexes: async (changes) => {
        // Results are what `save` answered.
        const savings = changes.map(({ result }) => result as Saving);
        const settled = await writer.settle(
          savings.map(({ written }) => written),
          this.#actor,
        );
        for (const [at, saving] of savings.entries()) saving.written = settled[at]!;
      },
    });
  }

  async save(record: Row, _context: unknown): Promise<Saving> {
    const key = keyText(this.#parts.runtime.definition, record);
    const written = await this.#parts.writer.write(record, this.#stored.get(key), {});
    if (written.after !== undefined) this.#stored.set(key, written.after);
    return { written };
  }

  /** Throws why nothing was saved: every invalid record, or what made the transaction fail. */
  refuse(result: BatchResult<Saving>): never {
    if (this.#judged?.ok === false) requireAllValid(this.#judged);
    throw result.stopError ?? result.failures.find((item) => "error" in item)?.error ?? cancelled();
  }

  async #judge(inputs: readonly unknown[], connection: Connection): Promise<BatchJudgement<Row>> {
    const { runtime } = this.#parts;
    const form = await runtime.schemas.validateMany(
      inputs.map((input) => withoutOwned(runtime, input)),
    );
    const records = form.results.flatMap((result) => (result.ok ? [result.value] : []));
    const befores = await this.#load(records, connection);
    const ruled = await checkRules(runtime, { records, befores, connection, actor: this.#actor });
    this.#judged = ruled === undefined ? form : merged(form, ruled);
    return this.#judged;
  }

  /** Reads what is stored under the keys of all records, and says which replaces which. */
  async #load(records: readonly Row[], connection: Connection): Promise<ReadonlyMap<Row, Row>> {
    const { runtime, writer } = this.#parts;
    const { definition, statements } = runtime;
    const [column] = definition.key;
    this.#stored.clear();
    if (definition.key.length === 1) {
      const keys = [...new Set(records.map((record) => record[column!]))];
      for (const row of await connection.all(statements.selectMany, { keys })) {
        this.#stored.set(keyText(definition, row), row);
      }
    } else {
      for (const record of records) {
        const row = await writer.find(record);
        if (row !== undefined) this.#stored.set(keyText(definition, row), row);
      }
    }
    return new Map(
      records.flatMap((record) => {
        const row = this.#stored.get(keyText(definition, record));
        return row === undefined ? [] : [[record, row] as const];
      }),
    );
  }
}

/** Results of the rules put in place of the schema's for records that passed it. */
function merged(
  form: BatchValidationResult<Row>,
  ruled: BatchValidationResult<Row>,
): BatchValidationResult<Row> {
  const rest = [...ruled.results];
  const results: ValidationResult<Row>[] = form.results.map((result) =>
    result.ok ? rest.shift()! : result,
  );
  return {
    ok: form.ok && ruled.ok,
    results,
    stateIssues: ruled.stateIssues,
    truncated: form.truncated || ruled.truncated,
  };
}

function savedItemOf({ result, error }: ItemReport<Saving>): SavedItem<Row> {
  if (result === undefined) return { status: "refused", error: asAtlasError(error ?? cancelled()) };
  const { status, after } = result.written;
  // Nothing is deleted by saving.
  return { status: status as "created" | "updated" | "unchanged", record: after! };
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
    `${records} records were given to one call, but at most ${recordsMax} are accepted.`,
    { details: { records, recordsMax } },
  );
}
