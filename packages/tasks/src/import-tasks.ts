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
  const report = (open: number): void =>
    context.options.onProgress?.(items.length - open, items.length);

  const created = await createLevels(job, fresh, (open) => report(open + stale.length));
  const revised: ImportItem[] = [];
  for (const item of stale) if (await revise(job, item)) revised.push(item);
  for (const item of [...created, ...revised]) await linkRecord(job, item);
  const joined = await joinLate(job, unchanged, created);
  for (const { record } of [...created, ...revised]) await rememberRecord(job, record);
  report(0);
  return {
    imported: created.length + revised.length + joined,
    unchanged: unchanged.length - joined,
    rejected: job.rejected,
    warnings: job.warnings,
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
  report: (open: number) => void,
): Promise<readonly ImportItem[]> {
  const created: ImportItem[] = [];
  let waiting = [...fresh];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ record }) => record.externalId));
    const ready = waiting.filter(({ record }) => !names.has(record.externalParent ?? ""));
    // Records that are each other's parents have no top; the first one becomes it.
    const level = ready.length > 0 ? ready : waiting.slice(0, 1);
    created.push(...(await createLevel(job, level)));
    const done = new Set(level);
    waiting = waiting.filter((item) => !done.has(item));
    report(waiting.length);
  }
  return created;
}

async function createLevel(
  job: ImportJob,
  level: readonly ImportItem[],
): Promise<readonly ImportItem[]> {
  try {
    await job.attempt(() => createItems(job, level));
    return level;
  } catch (error) {
    const reason = reasonOf(error);
    const created: ImportItem[] = [];
    if (level.length === 1) reject(job, level[0]!, reason);
    else for (const item of level) created.push(...(await createLevel(job, [item])));
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

async function revise(job: ImportJob, item: ImportItem): Promise<boolean> {
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
    reject(job, item, reasonOf(error));
    return false;
  }
  if (parent === undefined) warnOfParent(job, item);
  return true;
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
