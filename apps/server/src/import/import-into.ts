import { AtlasError } from "@atlas/errors";
import type { ImportResult, TaskManager } from "@atlas/tasks";
import * as z from "zod/v4";
import type { ImportFormat } from "./import-format.ts";
import type { ImportReport } from "./import-report.ts";
import { linkRecords } from "./link-records.ts";
import type { LinkedRecord, SourceProblem } from "./parsed-source.ts";
import { readSource } from "./read-source.ts";

/** What to import and how. */
export interface ImportRequest {
  readonly format: ImportFormat;
  readonly path: string;
  /** Default: the name of the format. */
  readonly into?: string;
  readonly actor: string;
  /** Takes in nothing when one record is refused. */
  readonly rejectAll: boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Takes the tasks of another program into the store. The same source again
 * changes nothing.
 */
export async function importInto(
  tasks: TaskManager,
  { format, path, into = format, actor, rejectAll, onProgress }: ImportRequest,
): Promise<ImportReport> {
  const parsed = readSource(format, path);
  const linked = linkRecords(parsed.records);
  const warnings = [...parsed.warnings, ...linked.warnings].toSorted(bySourceOrder);
  if (rejectAll && parsed.rejected.length > 0)
    return { imported: 0, unchanged: 0, rejected: parsed.rejected, warnings };
  const result = await tasks
    .import(
      linked.records.map(({ task }) => task),
      { actor },
      {
        // One store may hold several projects: each group keeps its own identities.
        source: `${format}:${into}`,
        into,
        onInvalid: rejectAll ? "reject-all" : "skip",
        onProgress,
      },
    )
    .catch(rejectionOf);
  const rejected = result.rejected.map(({ index, reason }) =>
    problemAt(linked.records[index], reason),
  );
  const remarks = result.warnings.map(({ index, reason }) =>
    problemAt(linked.records[index], reason),
  );
  return {
    imported: result.imported,
    unchanged: result.unchanged,
    rejected: [...parsed.rejected, ...rejected].toSorted(bySourceOrder),
    warnings: [...warnings, ...remarks].toSorted(bySourceOrder),
  };
}

/** An import that was refused as a whole, told like one that skipped what it refused. */
function rejectionOf(error: unknown): ImportResult {
  if (!AtlasError.is(error) || error.code !== "task.import_rejected") throw error;
  const { rejected } = rejectionDetails.parse(error.details);
  return { imported: 0, unchanged: 0, rejected, warnings: [] };
}

/** What the task manager says of the records it refused. */
const rejectionDetails = z.object({
  rejected: z.array(z.object({ index: z.int(), reason: z.string() })),
});

function problemAt(record: LinkedRecord | undefined, reason: string): SourceProblem {
  const { line = 0, file, task } = record ?? {};
  const named = task === undefined ? reason : `${task.externalId}: ${reason}`;
  return { line, ...(file !== undefined && { file }), reason: named };
}

function bySourceOrder(left: SourceProblem, right: SourceProblem): number {
  return (left.file ?? "").localeCompare(right.file ?? "") || left.line - right.line;
}
