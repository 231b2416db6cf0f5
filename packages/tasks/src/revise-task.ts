import { followStatus, impliedStatus } from "./maintain.ts";
import { moveTask } from "./move-task.ts";
import type { CreationInstants } from "./new-task-rows.ts";
import { replaceTags } from "./task-details.ts";
import type { CheckedNewTask } from "./task-schemas.ts";
import { dependenciesOf, logChanges, rowById, type TaskStore } from "./task-store.ts";
import { imageOf, rankOf } from "./task-view.ts";
import { updateContent, updateState } from "./task-writes.ts";

/** What a task is to look like. @internal */
export interface Revision {
  readonly input: CheckedNewTask;
  readonly instants: CreationInstants;
}

/**
 * Makes a task look like a changed record of its source. Statuses are facts
 * here, so the status machine is not asked; notes and the last segment of the
 * path stay.
 *
 * @throws {AtlasError} task.cycle, task.too_deep
 * @internal
 */
export async function reviseTask(store: TaskStore, id: string, revision: Revision): Promise<void> {
  const { input, instants } = revision;
  const row = (await rowById(store, id))!;
  const dependencies = await dependenciesOf(store, id);
  const before = imageOf(row, dependencies);
  await store.connection.run(updateContent, {
    id,
    name: input.name,
    description: input.description,
    type: input.type,
    priority: rankOf(input.priority),
    tags: input.tags,
    assignee: input.assignee ?? null,
    reasoning: input.reasoning,
    metadata: input.metadata,
  });
  await replaceTags(store, id, input.tags);
  await moveTask(store, id, { parent: input.parent ?? null, trusted: true });

  const placed = (await rowById(store, id))!;
  const status = input.type === "group" ? await impliedStatus(store, placed) : input.status;
  const working = status === "in_progress" && input.type !== "group";
  const next = {
    ...placed,
    status,
    completed_at: status === "completed" ? (instants.completedAt ?? instants.updatedAt) : null,
    lease_holder: working ? placed.lease_holder : null,
    lease_expires_at: working ? placed.lease_expires_at : null,
    updated_at: instants.updatedAt,
    version: placed.version + 1,
  };
  await store.connection.run(updateState, next);
  if (status !== placed.status) await followStatus(store, placed, status);
  await logChanges(store, [{ key: id, before, after: imageOf(next, dependencies) }]);
}
