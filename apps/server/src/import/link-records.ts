import type { ImportedTask } from "@atlas/tasks";
import { findBlockedLinks } from "./find-blocked-links.ts";
import type { LinkedRecord, SourceProblem, SourceRecord } from "./parsed-source.ts";

/** Records with certain links, and what had to be left out. */
export interface LinkedSource {
  readonly records: readonly LinkedRecord[];
  readonly warnings: readonly SourceProblem[];
}

/**
 * Keeps the links that can hold and names the others: to records that the
 * source does not have, to the record itself, and those in a circle. A record
 * arrives in any case; the links it lost stay readable in its metadata.
 */
export function linkRecords(records: readonly SourceRecord[]): LinkedSource {
  const byId = new Map(records.map((record) => [record.task.externalId, record]));
  const lost = new Lost();
  const parents = keepParents(byId, lost);
  const dependencies = keepDependencies(byId, parents, lost);
  const linked = records.map((record): LinkedRecord => {
    const id = record.task.externalId;
    const parent = parents.get(id);
    const task: ImportedTask = {
      ...record.task,
      metadata: { ...record.task.metadata, ...lost.metadataOf(id) },
      ...(parent !== undefined && { externalParent: parent }),
      externalDependencies: dependencies.get(id) ?? [],
    };
    return { ...placeOf(record), task };
  });
  return { records: linked, warnings: lost.warnings };
}

/** Collects the links that are left out. */
class Lost {
  readonly warnings: SourceProblem[] = [];
  readonly #links = new Map<string, string[]>();

  add(record: SourceRecord, link: string, reason: string): void {
    const id = record.task.externalId;
    this.#links.set(id, [...(this.#links.get(id) ?? []), link]);
    this.warnings.push({ ...placeOf(record), reason: `${id}: ${reason}` });
  }

  metadataOf(id: string): { readonly lostLinks?: readonly string[] } {
    const lostLinks = this.#links.get(id);
    return lostLinks === undefined ? {} : { lostLinks };
  }
}

function placeOf({ line, file }: SourceRecord): { readonly line: number; readonly file?: string } {
  return file === undefined ? { line } : { line, file };
}

type Records = ReadonlyMap<string, SourceRecord>;

function keepParents(byId: Records, lost: Lost): ReadonlyMap<string, string> {
  const parents = new Map<string, string>();
  for (const [id, record] of byId) {
    const { parent } = record;
    if (parent === undefined) continue;
    if (!byId.has(parent))
      lost.add(record, `parent ${parent}`, `its parent ${parent} is not in the source`);
    else if (isAbove(id, parent, parents))
      lost.add(record, `parent ${parent}`, `its parent ${parent} stands below it`);
    else parents.set(id, parent);
  }
  return parents;
}

/** True when `id` is `below` or stands somewhere above it. */
function isAbove(id: string, below: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = below; at !== undefined; at = parents.get(at))
    if (at === id) return true;
  return false;
}

function keepDependencies(
  byId: Records,
  parents: ReadonlyMap<string, string>,
  lost: Lost,
): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, string[]>();
  for (const [id, record] of byId) {
    const targets = [...new Set(record.dependencies)].filter((target) => {
      if (byId.has(target) && target !== id) return true;
      const reason =
        target === id ? "depends on itself" : `waits for ${target}, which is not in the source`;
      lost.add(record, `dependency ${target}`, reason);
      return false;
    });
    kept.set(id, targets);
  }
  for (const { from, to } of findBlockedLinks({
    ids: [...byId.keys()],
    parents,
    dependencies: kept,
  })) {
    kept.set(
      from,
      (kept.get(from) ?? []).filter((target) => target !== to),
    );
    const record = byId.get(from);
    if (record !== undefined)
      lost.add(record, `dependency ${to}`, `waits for ${to}, which waits for it in turn`);
  }
  return kept;
}
