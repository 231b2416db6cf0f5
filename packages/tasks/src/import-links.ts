import { sqlQuery } from "@atlas/storage";
import { addDependency, removeDependency } from "./change-dependencies.ts";
import { type ImportItem, type ImportJob, reasonOf, taskOf, warn } from "./import-job.ts";
import { taskLimits } from "./limits.ts";
import { moveAlone } from "./move-task.ts";
import { dependenciesOf, logChanges, rowById, type TaskStore } from "./task-store.ts";
import { imageOf } from "./task-view.ts";
import { countVersion } from "./task-writes.ts";

const fromSource = sqlQuery<{ task: string }, { source: string; task: string }>(
  "SELECT task FROM task_imports WHERE source = :source AND task = :task LIMIT 1",
);

/**
 * Removes the dependencies of a task that its record no longer names. Among
 * tasks of one source the source decides; dependencies on other tasks were
 * added here and stay.
 *
 * @internal
 */
export async function unlinkRecord(job: ImportJob, item: ImportItem): Promise<void> {
  const { store } = job;
  const id = job.tasks.get(item.record.externalId)!;
  const before = await dependenciesOf(store, id);
  const named = new Set<string | undefined>();
  for (const external of item.record.externalDependencies) named.add(await taskOf(job, external));
  for (const dependency of before)
    if (!named.has(dependency) && (await isFromSource(job, dependency)))
      await removeDependency(store, id, (await rowById(store, dependency))!);
  await noteLinks(store, id, before);
}

/** Adds the dependencies that a record names. @internal */
export async function linkRecord(job: ImportJob, item: ImportItem): Promise<void> {
  const { store } = job;
  const wanted = await wantedDependencies(job, item);
  if (wanted.size === 0) return;
  const id = job.tasks.get(item.record.externalId)!;
  const before = await dependenciesOf(store, id);
  for (const [dependency, external] of wanted)
    if (!before.includes(dependency)) await link(job, item, { id, dependency, external });
  await noteLinks(store, id, before);
}

/**
 * Records that have not changed may name some that have only now arrived: puts
 * them under such a parent, adds such dependencies, and answers how many
 * records that concerned.
 *
 * @internal
 */
export async function joinLate(
  job: ImportJob,
  unchanged: readonly ImportItem[],
  created: readonly ImportItem[],
): Promise<number> {
  const arrived = new Set(created.map(({ record }) => record.externalId));
  let joined = 0;
  for (const item of unchanged) {
    const { externalId, externalParent = "", externalDependencies } = item.record;
    const depends = externalDependencies.some((external) => arrived.has(external));
    if (!job.tasks.has(externalId) || !(depends || arrived.has(externalParent))) continue;
    joined += 1;
    if (arrived.has(externalParent)) await moveLate(job, item, externalParent);
    if (depends) await linkLate(job, item, arrived);
  }
  return joined;
}

async function moveLate(job: ImportJob, item: ImportItem, external: string): Promise<void> {
  const id = job.tasks.get(item.record.externalId)!;
  const target = { parent: job.tasks.get(external)!, trusted: true };
  try {
    await job.attempt(() => moveAlone(job.store, id, target));
  } catch (error) {
    warn(job, item, `It was not put under "${external}": ${reasonOf(error)}`);
  }
}

async function linkLate(
  job: ImportJob,
  item: ImportItem,
  arrived: ReadonlySet<string>,
): Promise<void> {
  const id = job.tasks.get(item.record.externalId)!;
  const before = await dependenciesOf(job.store, id);
  for (const external of new Set(item.record.externalDependencies)) {
    const dependency = arrived.has(external) ? job.tasks.get(external) : undefined;
    if (dependency !== undefined && !before.includes(dependency))
      await link(job, item, { id, dependency, external });
  }
  await noteLinks(job.store, id, before);
}

/** By task id: the external id it was named by. */
async function wantedDependencies(
  job: ImportJob,
  item: ImportItem,
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map<string, string>();
  for (const external of new Set(item.record.externalDependencies)) {
    const dependency = await taskOf(job, external);
    if (dependency !== undefined) wanted.set(dependency, external);
    else warn(job, item, `It depends on "${external}", which is not there.`);
  }
  return wanted;
}

interface Link {
  readonly id: string;
  readonly dependency: string;
  readonly external: string;
}

async function link(job: ImportJob, item: ImportItem, edge: Link): Promise<void> {
  const { store } = job;
  const task = (await rowById(store, edge.id))!;
  const dependency = (await rowById(store, edge.dependency))!;
  const count = (await dependenciesOf(store, edge.id)).length;
  const leftOut = `Its dependency on "${edge.external}" was left out`;
  if (count >= taskLimits.dependenciesMax) {
    warn(job, item, `${leftOut}: a task can have ${taskLimits.dependenciesMax}.`);
    return;
  }
  try {
    await addDependency(store, task, dependency);
  } catch (error) {
    warn(job, item, `${leftOut}: ${reasonOf(error)}`);
  }
}

async function isFromSource(job: ImportJob, task: string): Promise<boolean> {
  const { source } = job.options;
  return (await job.store.connection.get(fromSource, { source, task })) !== undefined;
}

/** Writes a change of the dependencies into version and history. */
async function noteLinks(store: TaskStore, id: string, before: readonly string[]): Promise<void> {
  const after = await dependenciesOf(store, id);
  if (after.join() === before.join()) return;
  const row = (await rowById(store, id))!;
  // The instants are the source's.
  await store.connection.run(countVersion, { id, now: row.updated_at });
  const next = { ...row, version: row.version + 1 };
  await logChanges(store, [{ key: id, before: imageOf(row, before), after: imageOf(next, after) }]);
}
