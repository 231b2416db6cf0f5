import type { Change, ChangeImage, Page } from "@atlas/engine";
import { AtlasError } from "@atlas/errors";
import { taskError } from "./errors.ts";
import { isTaskId } from "./task-path.ts";
import type { TaskReference } from "./task-input.ts";
import type { FieldChange, HistoryPage, TaskChange } from "./task-report.ts";
import { requireRow, type TaskStore } from "./task-store.ts";
import { isoOf } from "./task-view.ts";
import type { JsonValue } from "./task.ts";

/** What happened to one task, newest first. @internal */
export async function taskHistory(
  store: TaskStore,
  reference: TaskReference,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<HistoryPage> {
  // A deleted task has no row any more, but its id still has a history.
  const id = isTaskId(reference) ? reference : (await requireRow(store, reference)).id;
  const { items, nextCursor } = await changesOf(store, id, page);
  if (items.length === 0 && page.cursor === undefined)
    throw taskError(
      "task.not_found",
      `There has never been a task "${reference}". List the tasks to find its id or path.`,
      { details: { task: reference } },
    );
  return {
    changes: items.map(viewChange),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

async function changesOf(
  store: TaskStore,
  id: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<Change>> {
  try {
    return await store.changes.forRecord("tasks", id, page);
  } catch (error) {
    if (!AtlasError.is(error) || error.code !== "operation.cursor_invalid") throw error;
    throw taskError(
      "task.cursor_invalid",
      "The cursor does not belong to the history of this task. Start again without a cursor.",
      { cause: error },
    );
  }
}

function viewChange(change: Change): TaskChange {
  const { before, after } = change;
  return {
    sequence: change.sequence,
    kind: change.kind,
    actor: change.actor ?? "unknown",
    at: isoOf(change.at),
    version: Number((after ?? before)?.["version"] ?? 0),
    fields: fieldsOf(before ?? {}, after ?? {}),
  };
}

function fieldsOf(before: ChangeImage, after: ChangeImage): Record<string, FieldChange> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  names.delete("version");
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      {
        // The log holds what `imageOf` made: JSON values.
        ...(name in before ? { before: before[name] as JsonValue } : {}),
        ...(name in after ? { after: after[name] as JsonValue } : {}),
      },
    ]),
  );
}
