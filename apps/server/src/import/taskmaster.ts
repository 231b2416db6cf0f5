import type { SettableStatus, TaskPriority } from "@atlas/tasks";
import { locateJson } from "./locate-json.ts";
import type { ParsedSource, SourceProblem, SourceRecord } from "./parsed-source.ts";
import {
  fitName,
  instantsOf,
  isRecord,
  type RawRecord,
  restOf,
  sectionsText,
  textOf,
  textsOf,
} from "./record-fields.ts";

/** `review` is work that waits for somebody to look at it. */
const statuses: Readonly<Record<string, SettableStatus>> = {
  pending: "pending",
  deferred: "pending",
  blocked: "pending",
  "in-progress": "in_progress",
  review: "in_progress",
  done: "completed",
  completed: "completed",
  cancelled: "cancelled",
};

const plainStatuses: readonly unknown[] = [
  "pending",
  "in-progress",
  "done",
  "cancelled",
  undefined,
];

const priorities: readonly TaskPriority[] = ["critical", "high", "medium", "low"];

const knownFields: readonly string[] = [
  "id",
  "title",
  "description",
  "details",
  "testStrategy",
  "acceptanceCriteria",
  "status",
  "priority",
  "dependencies",
  "subtasks",
  "updatedAt",
];

/** Where records are collected, and what is known on the way down. */
interface Reading {
  readonly records: SourceRecord[];
  readonly rejected: SourceProblem[];
  readonly warnings: SourceProblem[];
  readonly ids: Set<string>;
  /** The line at which the value of a path begins. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/**
 * Reads Task Master's tasks.json. Each tag becomes a group with its tasks and
 * their subtasks below it; the older form without tags is read as one tag,
 * `master`.
 */
export function parseTaskmaster(text: string): ParsedSource {
  const located = locateJson(text);
  if ("problem" in located)
    return {
      records: [],
      rejected: [{ line: located.line, reason: located.problem }],
      warnings: [],
    };
  const reading: Reading = {
    records: [],
    rejected: [],
    warnings: [],
    ids: new Set(),
    lineOf: located.lineOf,
  };
  const { value } = located;
  if (!isRecord(value))
    reading.rejected.push({ line: 1, reason: "The file is not a JSON object." });
  else if (Array.isArray(value["tasks"])) readTag("master", { content: value, path: [] }, reading);
  else
    for (const [tag, content] of Object.entries(value))
      readTag(tag, { content, path: [tag] }, reading);
  return reading;
}

function readTag(
  tag: string,
  { content, path }: { readonly content: unknown; readonly path: readonly string[] },
  reading: Reading,
): void {
  const line = reading.lineOf(path);
  const tasks = isRecord(content) ? content["tasks"] : undefined;
  if (!isRecord(content) || !Array.isArray(tasks)) {
    reading.rejected.push({ line, reason: `The tag "${tag}" has no list of tasks.` });
    return;
  }
  const metadata = isRecord(content["metadata"]) ? content["metadata"] : {};
  reading.ids.add(tag);
  reading.records.push({
    line,
    task: {
      externalId: tag,
      name: fitName(tag).value,
      type: "group",
      description: textOf(metadata["description"]) ?? "",
      ...instantsOf({
        createdAt: metadata["created"],
        updatedAt: metadata["updated"],
        completedAt: undefined,
      }),
    },
    dependencies: [],
  });
  readTasks(tasks, { tag, parent: tag, path: [...path, "tasks"] }, reading);
}

/** Where a list of tasks stands. */
interface Place {
  readonly tag: string;
  /** External id of what the tasks stand under. */
  readonly parent: string;
  readonly path: readonly (string | number)[];
}

/** A task and where it was found. */
interface FoundTask extends Place {
  readonly task: RawRecord;
  readonly line: number;
  /** The list it stands in. */
  readonly siblings: readonly unknown[];
}

function readTasks(siblings: readonly unknown[], place: Place, reading: Reading): void {
  for (const [at, task] of siblings.entries()) {
    const path = [...place.path, at];
    const line = reading.lineOf(path);
    const problem = problemOf(task);
    if (!isRecord(task) || problem !== undefined) {
      reading.rejected.push({ line, reason: `${place.parent}: ${problem ?? ""}` });
      continue;
    }
    const found: FoundTask = { ...place, task, line, siblings };
    const externalId = uniqueId(found, reading);
    reading.records.push(recordOf(found, externalId));
    warnOfStatus(found, externalId, reading);
    const { subtasks } = task;
    if (Array.isArray(subtasks))
      readTasks(subtasks, { ...place, parent: externalId, path: [...path, "subtasks"] }, reading);
  }
}

function problemOf(task: unknown): string | undefined {
  if (!isRecord(task)) return "an entry is not a JSON object.";
  if (textOf(task["id"]) === undefined) return "a task has no id.";
  return textOf(task["title"]) === undefined
    ? `the task ${textOf(task["id"])} has no title.`
    : undefined;
}

/** `tag/5` for a task, `tag/5.2` for a subtask; a second record of one id gets a mark. */
function uniqueId({ task, tag, parent, line }: FoundTask, reading: Reading): string {
  const own = textOf(task["id"]) ?? "";
  const id = parent === tag ? `${tag}/${own}` : `${parent}.${own}`;
  let unique = id;
  for (let number = 2; reading.ids.has(unique); number += 1) unique = `${id}#${number}`;
  reading.ids.add(unique);
  if (unique !== id)
    reading.warnings.push({ line, reason: `${id} stands there twice; this one became ${unique}` });
  return unique;
}

function warnOfStatus({ task, line }: FoundTask, id: string, reading: Reading): void {
  const status = textOf(task["status"]);
  if (status !== undefined && statuses[status] === undefined)
    reading.warnings.push({
      line,
      reason: `${id}: the status "${status}" is not known; it became pending`,
    });
}

function recordOf(found: FoundTask, externalId: string): SourceRecord {
  const { task, line, parent } = found;
  const name = fitName(textOf(task["title"]) ?? "");
  const status = textOf(task["status"]);
  const priority = priorities.find((known) => known === task["priority"]);
  return {
    line,
    parent,
    task: {
      externalId,
      name: name.value,
      description: sectionsText({
        "": textOf(task["description"]),
        Details: textOf(task["details"]),
        "Test strategy": textOf(task["testStrategy"]),
        "Acceptance criteria": textsOf(task["acceptanceCriteria"]).join("\n") || undefined,
      }),
      status: statuses[status ?? "pending"] ?? "pending",
      ...(priority !== undefined && { priority }),
      metadata: {
        ...restOf(task, knownFields),
        ...(name.whole !== undefined && { title: name.whole }),
        ...(!plainStatuses.includes(status) && { status: status ?? "" }),
      },
      ...instantsOf({
        createdAt: undefined,
        updatedAt: task["updatedAt"],
        completedAt: undefined,
      }),
    },
    dependencies: textsOf(task["dependencies"]).map((id) => dependencyId(id, found)),
  };
}

/**
 * `5.2` is a subtask wherever it stands. A plain number among subtasks means a
 * subtask of the same task, or where there is none of that number, a task.
 */
function dependencyId(id: string, { tag, parent, siblings }: FoundTask): string {
  const isSibling = siblings.some((task) => isRecord(task) && textOf(task["id"]) === id);
  const isSubtask = parent !== tag && !id.includes(".") && isSibling;
  return isSubtask ? `${parent}.${id}` : `${tag}/${id}`;
}
