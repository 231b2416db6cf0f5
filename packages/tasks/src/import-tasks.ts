import { setImmediate } from "node:timers/promises";
import { sqlQuery } from "@atlas/storage";
import { createTasks } from "./create-tasks.ts";
import {
  type Attempt,
  hashOf,
  type ImportItem,
  type ImportJob,
  knownRecord,
  reasonOf,
  reject,
  taskOf,
  warn,
} from "./import-job.ts";
import { joinLate, linkRecord, unlinkRecord } from "./import-links.ts";
import type { CreationInstants } from "./new-task-rows.ts";
import { reviseTask } from "./revise-task.ts";
import type { ImportOptions, ImportResult } from "./task-import.ts";
import { joinPath, parsePath } from "./task-path.ts";
import { type CheckedImport, type CheckedNewTask, newTaskSchema } from "./task-schemas.ts";
import { rowByPath, type TaskStore } from "./task-store.ts";

const remember = sqlQuery<never, { source: string; id: string; task: string; hash: string }>(
  `INSERT INTO task_imports (source, external_id, task, content_hash)
   VALUES (:source, :id, :task, :hash)
   ON CONFLICT (source, external_id) DO UPDATE SET content_hash = excluded.content_hash`,
);

/** Records created at once, and steps between two reports of the progress. */
const chunkSize = 200;

/**
 * Takes in the records of another program in the transaction of the caller.
 * Statuses and instants are taken as facts; identity is the external id within
 * the source.
 *
 * @internal
 */
export async function importTasks(
  store: TaskStore,
  items: readonly ImportItem[],
  context: { readonly options: ImportOptions; readonly attempt: Attempt },
): Promise<ImportResult> {
  const into = await ensureGroup(store, context.options.into);
  const lists = { rejected: [], warnings: [], tasks: new Map<string, string>() };
  const job: ImportJob = { store, into, ...context, ...lists };
  const { fresh, stale, unchanged } = await sortOut(job, items);
  // Each record is made, and linked when all are there.
  const step = stepsOf(items.length, 2 * (fresh.length + stale.length), context.options);

  const created = await createLevels(job, fresh, step);
  const revised = await reviseAll(job, stale, step);
  const changed = [...created, ...revised];
  for (const item of changed) {
    await linkRecord(job, item);
    await rememberRecord(job, item.record);
    await step(1);
  }
  const joined = await joinLate(job, unchanged, created);
  context.options.onProgress?.(items.length, items.length);
  return {
    imported: changed.length + joined,
    unchanged: unchanged.length - joined,
    rejected: job.rejected,
    warnings: job.warnings.toSorted((a, b) => a.index - b.index),
  };
}

/** Counts steps, tells how far the import is, and lets other work of the process through. */
type Step = (count: number) => Promise<void>;

function stepsOf(total: number, steps: number, { onProgress }: ImportOptions): Step {
  let [done, told] = [0, 0];
  return async (count) => {
    done += count;
    if (done - told < chunkSize) return;
    told = done;
    onProgress?.(Math.floor((total * done) / steps), total);
    await setImmediate();
  };
}

interface SortedItems {
  /** Records that were never seen. */
  readonly fresh: readonly ImportItem[];
  /** Records that differ from the last import. */
  readonly stale: readonly ImportItem[];
  readonly unchanged: readonly ImportItem[];
}

async function sortOut(job: ImportJob, items: readonly ImportItem[]): Promise<SortedItems> {
  const [fresh, stale, unchanged]: [ImportItem[], ImportItem[], ImportItem[]] = [[], [], []];
  const seen = new Set<string>();
  const { source } = job.options;
  for (const item of items) {
    const { externalId } = item.record;
    if (seen.has(externalId)) {
      reject(job, item, `The id "${externalId}" appears twice; the first record was taken.`);
      continue;
    }
    seen.add(externalId);
    const before = await job.store.connection.get(knownRecord, { source, id: externalId });
    const here = before?.present === 1;
    if (here) job.tasks.set(externalId, before.task);
    if (before === undefined) fresh.push(item);
    // What was deleted here stays deleted, whatever the source still says.
    else if (here && before.content_hash !== hashOf(item.record)) stale.push(item);
    else unchanged.push(item);
  }
  return { fresh, stale, unchanged };
}

/** Creates new records, parents before children, and answers which were created. */
async function createLevels(
  job: ImportJob,
  fresh: readonly ImportItem[],
  step: Step,
): Promise<readonly ImportItem[]> {
  const created: ImportItem[] = [];
  let waiting = [...fresh];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ record }) => record.externalId));
    const ready = waiting.filter(({ record }) => !names.has(record.externalParent ?? ""));
    // Records that are each other's parents have no top; the first one becomes it.
    const level = ready.length > 0 ? ready : waiting.slice(0, 1);
    for (let at = 0; at < level.length; at += chunkSize) {
      const chunk = level.slice(at, at + chunkSize);
      created.push(...(await createChunk(job, chunk)));
      await step(chunk.length);
    }
    const done = new Set(level);
    waiting = waiting.filter((item) => !done.has(item));
  }
  return created;
}

async function createChunk(
  job: ImportJob,
  chunk: readonly ImportItem[],
): Promise<readonly ImportItem[]> {
  try {
    await job.attempt(() => createItems(job, chunk));
    return chunk;
  } catch (error) {
    const reason = reasonOf(error);
    const created: ImportItem[] = [];
    if (chunk.length === 1) reject(job, chunk[0]!, reason);
    else for (const item of chunk) created.push(...(await createChunk(job, [item])));
    return created;
  }
}

async function createItems(job: ImportJob, level: readonly ImportItem[]): Promise<void> {
  const inputs: CheckedNewTask[] = [];
  const orphans: ImportItem[] = [];
  for (const item of level) {
    const parent = await parentOf(job, item.record);
    if (parent === undefined) orphans.push(item);
    inputs.push(newTaskOf(item.record, parent ?? job.into));
  }
  const ids = await createTasks(job.store, inputs, {
    instantsOf: (index) => instantsOf(job.store, level[index]!.record),
  });
  for (const [at, { record }] of level.entries()) job.tasks.set(record.externalId, ids[at]!);
  for (const item of orphans) warnOfParent(job, item);
}

/**
 * Revises changed records and answers which were. One that cannot be may only
 * be in the way of another, as when parent and child have changed places, so it
 * is tried again until nothing moves any more.
 */
async function reviseAll(
  job: ImportJob,
  stale: readonly ImportItem[],
  step: Step,
): Promise<readonly ImportItem[]> {
  const revised: ImportItem[] = [];
  let waiting = stale.map((item) => ({ item, reason: "" }));
  for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
    before = waiting.length;
    const left: typeof waiting = [];
    for (const { item } of waiting) {
      const reason = await revise(job, item);
      if (reason !== undefined) {
        left.push({ item, reason });
        continue;
      }
      revised.push(item);
      await step(1);
    }
    waiting = left;
  }
  for (const { item, reason } of waiting) reject(job, item, reason);
  return revised;
}

/** Answers why not, when it fails. */
async function revise(job: ImportJob, item: ImportItem): Promise<string | undefined> {
  const { record } = item;
  const parent = await parentOf(job, record);
  const input = newTaskOf(record, parent ?? job.into);
  const revision = { input, instants: instantsOf(job.store, record) };
  try {
    await job.attempt(async () => {
      await unlinkRecord(job, item);
      await reviseTask(job.store, job.tasks.get(record.externalId)!, revision);
    });
  } catch (error) {
    return reasonOf(error);
  }
  if (parent === undefined) warnOfParent(job, item);
  return undefined;
}

/** The group at `path`, made with the groups above it where they are missing. */
async function ensureGroup(store: TaskStore, path: string): Promise<string> {
  let id = "";
  let above: string | null = null;
  for (const segment of parsePath(path)) {
    const here: string = joinPath(above, segment);
    const row = await rowByPath(store, here);
    if (row === undefined) {
      const input = newTaskSchema.parse({ name: segment, path: here, type: "group" });
      id = (await createTasks(store, [input]))[0]!;
    } else {
      ({ id } = row);
    }
    above = here;
  }
  return id;
}

/** Undefined when the record names a parent that is not there. */
async function parentOf(job: ImportJob, record: CheckedImport): Promise<string | undefined> {
  if (record.externalParent === undefined) return job.into;
  return taskOf(job, record.externalParent);
}

function warnOfParent(job: ImportJob, item: ImportItem): void {
  const { externalParent } = item.record;
  warn(job, item, `Its parent "${externalParent}" is not there; it was put at the top.`);
}

async function rememberRecord(job: ImportJob, record: CheckedImport): Promise<void> {
  await job.store.connection.run(remember, {
    source: job.options.source,
    id: record.externalId,
    task: job.tasks.get(record.externalId)!,
    hash: hashOf(record),
  });
}

function newTaskOf(record: CheckedImport, parent: string): CheckedNewTask {
  const { name, description, type, status, priority, tags, reasoning, metadata, notes } = record;
  const fields = { name, description, type, status, priority, tags, reasoning, metadata, notes };
  const { assignee } = record;
  return { ...fields, ...(assignee === undefined ? {} : { assignee }), parent, dependencies: [] };
}

function instantsOf(store: TaskStore, record: CheckedImport): CreationInstants {
  const parse = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Date.parse(text);
  const createdAt = parse(record.createdAt) ?? store.clock();
  const updatedAt = parse(record.updatedAt) ?? createdAt;
  const completedAt = parse(record.completedAt) ?? updatedAt;
  return { createdAt, updatedAt, completedAt: record.status === "completed" ? completedAt : null };
}
