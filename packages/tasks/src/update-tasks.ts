import { changeDependencies } from "./change-dependencies.ts";
import { taskError } from "./errors.ts";
import { taskLimits } from "./limits.ts";
import { followStatus, impliedStatus } from "./maintain.ts";
import { moveTask } from "./move-task.ts";
import { checkOpenAbove } from "./open-above.ts";
import {
  blocked,
  childrenUnfinished,
  groupStatusRefused,
  leased,
  leaseExpired,
} from "./refusals.ts";
import { checkTransition, isClosed, isFinished } from "./status-machine.ts";
import { addNotes, replaceTags } from "./task-details.ts";
import type { CheckedUpdate } from "./task-schemas.ts";
import { dependenciesOf, logChanges, requireRow, rowById, type TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { imageOf, leaseOf, rankOf, statusOf } from "./task-view.ts";
import { type TaskContent, type TaskState, updateContent, updateState } from "./task-writes.ts";
import type { JsonObject, SettableStatus } from "./task.ts";

/**
 * Changes one task in the transaction of the caller and answers its id. An
 * update that says what is so already leaves version and history alone.
 *
 * @internal
 */
export async function updateTask(store: TaskStore, update: CheckedUpdate): Promise<string> {
  const row = await requireRow(store, update.task);
  checkVersion(row, update.ifVersion);
  checkLease(store, row, update);
  const before = imageOf(row, await dependenciesOf(store, row.id));

  await changeContent(store, row, update);
  await addNotes(store, row.id, update.addNotes);
  const dependencies = await changeDependencies(store, row, update);
  if (update.parent !== undefined) await moveTask(store, row.id, { parent: update.parent });
  const placed = (await rowById(store, row.id))!;
  const status = await nextStatus(store, placed, { before: row, update });

  const next = { ...placed, ...stateAfter(store, placed, status) };
  const after = imageOf(next, dependencies);
  if (update.addNotes.length === 0 && sameImage(before, after)) return row.id;
  await store.connection.run(updateState, next);
  if (status !== placed.status) await followStatus(store, placed, status);
  const notes = update.addNotes.length === 0 ? {} : { notes: update.addNotes };
  await logChanges(store, [{ key: row.id, before, after: { ...after, ...notes } }]);
  return row.id;
}

function checkVersion(row: TaskRow, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === row.version) return;
  throw taskError(
    "task.version_conflict",
    `"${row.path}" has version ${row.version}, not ${ifVersion}: somebody changed it meanwhile. ` +
      "Read it again and decide anew.",
    { details: { task: row.path, version: row.version, ifVersion } },
  );
}

/** A token that is given must be the current one; without one only the holder changes the work state. */
function checkLease(store: TaskStore, row: TaskRow, update: CheckedUpdate): void {
  const lease = leaseOf(row, store.clock());
  if (update.lease !== undefined) {
    if (lease === null || lease.token !== update.lease) throw leaseExpired(row);
    return;
  }
  const touchesWork = update.status !== undefined || update.type !== undefined;
  if (touchesWork && lease !== null && lease.holder !== store.actor) throw leased(row);
}

async function changeContent(store: TaskStore, row: TaskRow, update: CheckedUpdate): Promise<void> {
  const next: TaskContent = {
    name: update.name ?? row.name,
    description: update.description ?? row.description,
    type: update.type ?? row.type,
    priority: update.priority === undefined ? row.priority : rankOf(update.priority),
    tags: update.tags ?? row.tags,
    assignee: update.assignee === undefined ? row.assignee : update.assignee,
    reasoning: update.reasoning ?? row.reasoning,
    metadata: mergeMetadata(row, update.metadata),
  };
  const fields = Object.keys(next) as (keyof TaskContent)[];
  if (fields.some((field) => next[field] !== row[field]))
    await store.connection.run(updateContent, { id: row.id, ...next });
  if (update.tags !== undefined) await replaceTags(store, row.id, update.tags);
}

function mergeMetadata(row: TaskRow, change: JsonObject | undefined): JsonObject {
  if (change === undefined) return row.metadata;
  const merged = Object.fromEntries(
    Object.entries({ ...row.metadata, ...change }).filter(([, value]) => value !== null),
  );
  if (JSON.stringify(merged).length <= taskLimits.metadataLengthMax) return merged;
  throw taskError(
    "task.limit_exceeded",
    `The metadata of "${row.path}" would have more than ${taskLimits.metadataLengthMax} ` +
      "characters as JSON. Remove keys by setting them to null.",
    { details: { limit: "metadataLengthMax" } },
  );
}

interface StatusWish {
  readonly before: TaskRow;
  readonly update: CheckedUpdate;
}

/** The status after the update, of a task whose other fields are as they will be. */
async function nextStatus(
  store: TaskStore,
  row: TaskRow,
  { before, update }: StatusWish,
): Promise<SettableStatus> {
  const from = statusOf(row);
  const to = update.status ?? from;
  if (row.type === "group") {
    if (to !== from) throw groupStatusRefused(row.path);
    return before.type === "group" ? from : impliedStatus(store, row);
  }
  // Work below a group made it look begun; on the task itself nobody has begun.
  if (before.type === "group" && to === "in_progress") return "pending";
  if (to !== from) await checkStatusChange(store, row, to);
  return to;
}

async function checkStatusChange(
  store: TaskStore,
  row: TaskRow,
  to: SettableStatus,
): Promise<void> {
  const from = statusOf(row);
  checkTransition(row.path, from, to);
  if (row.blockers > 0 && (to === "in_progress" || to === "completed"))
    throw blocked(row, to === "completed" ? "completed" : "begun");
  if (isFinished(to) && row.unfinished_children > 0) throw childrenUnfinished(row);
  if (to === "pending" && isClosed(from)) await checkOpenAbove(store, row.parent, row.path);
}

/** The lease ends with the work. */
function stateAfter(store: TaskStore, row: TaskRow, status: SettableStatus): TaskState {
  const now = store.clock();
  const completedAt = status === "completed" ? now : null;
  const keepsLease = status === "in_progress" && row.type !== "group";
  return {
    status,
    completed_at: status === row.status ? row.completed_at : completedAt,
    lease_token: row.lease_token,
    lease_holder: keepsLease ? row.lease_holder : null,
    lease_expires_at: keepsLease ? row.lease_expires_at : null,
    updated_at: now,
    version: row.version + 1,
  };
}

function sameImage(before: JsonObject, after: JsonObject): boolean {
  const { version: _before, ...ownBefore } = before;
  const { version: _after, ...ownAfter } = after;
  return JSON.stringify(ownBefore) === JSON.stringify(ownAfter);
}
