/**
 * Questions about what stored tasks wait for.
 *
 * Two things happen to a task: it becomes free to begin (`gate`) and it is done
 * (`done`). Being done needs the own gate and all children done; the gate needs
 * the gate of the task above and all dependencies done.
 *
 * Plans grow at their end, where little waits for a new task while it may wait
 * for thousands: so the question is put backwards first, and forwards only when
 * that becomes long.
 */
import { sqlQuery } from "@atlas/storage";
import type { TaskStore } from "./task-store.ts";

/** Something that happens to a task. @internal */
export interface Moment {
  readonly kind: "gate" | "done";
  readonly id: string;
}

/** Moments looked at backwards before the question is put the other way. */
const backwardsMax = 200;

/** So many questions cost less than walking everything that waits. */
const questionsMax = 3;

/** Everything that has to happen before `:kind` of `:id` can. */
const ahead = `WITH RECURSIVE ahead(kind, id) AS (
  SELECT :kind, :id
  UNION SELECT 'gate', id FROM ahead WHERE kind = 'done'
  UNION SELECT 'done', child.id FROM ahead JOIN tasks AS child ON child.parent = ahead.id
    WHERE ahead.kind = 'done'
  UNION SELECT 'gate', own.parent FROM ahead JOIN tasks AS own ON own.id = ahead.id
    WHERE ahead.kind = 'gate' AND own.parent IS NOT NULL
  UNION SELECT 'done', edge.dependency
    FROM ahead JOIN task_dependencies AS edge ON edge.task = ahead.id WHERE ahead.kind = 'gate')`;

/** Everything that cannot happen before `:kind` of `:id` does, `:limit` moments at most. */
const behind = `WITH RECURSIVE behind(kind, id) AS (
  SELECT :kind, :id
  UNION SELECT 'done', id FROM behind WHERE kind = 'gate'
  UNION SELECT 'gate', child.id FROM behind JOIN tasks AS child ON child.parent = behind.id
    WHERE behind.kind = 'gate'
  UNION SELECT 'done', own.parent FROM behind JOIN tasks AS own ON own.id = behind.id
    WHERE behind.kind = 'done' AND own.parent IS NOT NULL
  UNION SELECT 'gate', edge.task
    FROM behind JOIN task_dependencies AS edge ON edge.dependency = behind.id
    WHERE behind.kind = 'done'
  LIMIT :limit)`;

const isAhead = sqlQuery<
  { id: string },
  { kind: string; id: string; soughtKind: string; sought: string }
>(`${ahead} SELECT id FROM ahead WHERE kind = :soughtKind AND id = :sought LIMIT 1`);

const allBehind = sqlQuery<Moment, { kind: string; id: string; limit: number }>(
  `${behind} SELECT kind, id FROM behind`,
);

/** True when `later` cannot happen before `earlier`. @internal */
export async function waitsFor(store: TaskStore, later: Moment, earlier: Moment): Promise<boolean> {
  return (await waitingAmong(store, [later], earlier)).length > 0;
}

/** Those that cannot happen before `earlier`. @internal */
export async function waitingAmong(
  store: TaskStore,
  candidates: readonly Moment[],
  earlier: Moment,
): Promise<readonly Moment[]> {
  if (candidates.length === 0) return [];
  const near = await momentsBehind(store, earlier, backwardsMax);
  if (near.size < backwardsMax) return candidates.filter((moment) => near.has(nameOf(moment)));
  if (candidates.length > questionsMax) {
    const everything = await momentsBehind(store, earlier, -1);
    return candidates.filter((moment) => everything.has(nameOf(moment)));
  }
  const waiting: Moment[] = [];
  for (const { kind, id } of candidates) {
    const question = { kind, id, soughtKind: earlier.kind, sought: earlier.id };
    if ((await store.connection.get(isAhead, question)) !== undefined) waiting.push({ kind, id });
  }
  return waiting;
}

/** A negative limit is none. */
async function momentsBehind(
  store: TaskStore,
  { kind, id }: Moment,
  limit: number,
): Promise<ReadonlySet<string>> {
  return new Set((await store.connection.all(allBehind, { kind, id, limit })).map(nameOf));
}

/** A name for use in sets and maps. @internal */
export function nameOf({ kind, id }: Moment): string {
  return `${kind} ${id}`;
}
