import type { UnifiedStorageEngine } from "@atlas/engine";
import { createValidationCoordinator, type ValidationIssue } from "@atlas/validation";
import { taskError } from "./errors.ts";
import type { ImportItem } from "./import-job.ts";
import { importTasks } from "./import-tasks.ts";
import { taskLimits } from "./limits.ts";
import type { ImportedTask, ImportOptions, ImportRemark, ImportResult } from "./task-import.ts";
import { importedTaskSchema } from "./task-schemas.ts";
import type { TaskStore } from "./task-store.ts";

/** An import may keep the writer this long, in milliseconds. */
const importHoldMs = 600_000;

const imported = createValidationCoordinator(importedTaskSchema, {
  itemsMax: taskLimits.recordsMax,
  // Enough that every record that is refused can say why.
  issuesMax: 100_000,
});

/** @internal */
export interface ImportCall {
  readonly engine: UnifiedStorageEngine;
  readonly store: TaskStore;
  readonly records: readonly ImportedTask[];
  readonly options: ImportOptions;
}

/** Checks records and takes in the valid ones, all in one transaction. @internal */
export async function importRecords(call: ImportCall): Promise<ImportResult> {
  const { engine, store, records, options } = call;
  const checked = await imported.validateMany(records);
  const strict = options.onInvalid === "reject-all";
  const items: ImportItem[] = [];
  const invalid: ImportRemark[] = [];
  for (const [index, result] of checked.results.entries())
    if (result.ok) items.push({ index, record: result.value });
    else invalid.push({ index, reason: result.issues.map(describe).join(" ") });
  if (strict && invalid.length > 0) throw allRejected(invalid);

  const attempt = <T>(work: () => Promise<T>): Promise<T> => engine.atomic(work);
  const takeIn = async (): Promise<ImportResult> => {
    const result = await importTasks(store, items, { options, attempt });
    const rejected = [...invalid, ...result.rejected].toSorted((a, b) => a.index - b.index);
    if (strict && rejected.length > 0) throw allRejected(rejected);
    return { ...result, rejected };
  };
  return engine.changeSet({ actor: store.actor, reason: `import from ${options.source}` }, () =>
    engine.atomic(takeIn, { holdTimeoutMs: importHoldMs }),
  );
}

function describe({ path, message }: ValidationIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function allRejected(rejected: readonly ImportRemark[]): Error {
  const [first] = rejected;
  const reason = (first?.reason ?? "").replace(/\.$/, "");
  return taskError(
    "task.import_rejected",
    `Records that cannot be taken in: ${rejected.length}, so none was. The first is number ` +
      `${(first?.index ?? 0) + 1}: ${reason}.`,
    { details: { rejected: rejected.slice(0, 100) } },
  );
}
