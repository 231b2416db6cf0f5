import type { JsonValue, SettableStatus, TaskPriority } from "@atlas/tasks";
import type { ParsedSource, SourceProblem, SourceRecord } from "./parsed-source.ts";
import {
  fitAssignee,
  fitName,
  fitTags,
  instantsOf,
  isRecord,
  notesOf,
  type RawRecord,
  restOf,
  sectionsText,
  textOf,
  textsOf,
} from "./record-fields.ts";

/** `hooked` is work that hangs on an agent, `pinned` work that stays open on purpose. */
const statuses: Readonly<Record<string, SettableStatus>> = {
  open: "pending",
  blocked: "pending",
  deferred: "pending",
  pinned: "pending",
  in_progress: "in_progress",
  hooked: "in_progress",
  closed: "completed",
  tombstone: "cancelled",
};

/** Statuses that say no more than the ones they become. */
const plainStatuses: readonly unknown[] = ["open", "in_progress", "closed", undefined];

/** 0 is the most urgent. */
const priorities: readonly TaskPriority[] = ["critical", "high", "medium", "low", "low"];

const knownFields: readonly string[] = [
  "id",
  "title",
  "description",
  "design",
  "acceptance_criteria",
  "notes",
  "close_reason",
  "status",
  "priority",
  "assignee",
  "labels",
  "parent",
  "dependencies",
  "created_at",
  "updated_at",
  "closed_at",
  // Counted by the source from what is imported anyway.
  "dependency_count",
  "dependent_count",
  "comment_count",
];

/** Reads beads' JSON Lines: one issue per line. A line that is none is named with its number. */
export function parseBeads(text: string): ParsedSource {
  const records: SourceRecord[] = [];
  const rejected: SourceProblem[] = [];
  const warnings: SourceProblem[] = [];
  const seen = new Set<string>();
  for (const [at, content] of text.split("\n").entries()) {
    if (content.trim() === "") continue;
    const line = at + 1;
    const issue = parseLine(content);
    const problem = typeof issue === "string" ? issue : problemOf(issue, seen);
    if (typeof issue === "string" || problem !== undefined) {
      rejected.push({ line, reason: problem ?? "" });
      continue;
    }
    seen.add(textOf(issue["id"]) ?? "");
    records.push(recordOf(issue, line, warnings));
  }
  return { records, rejected, warnings };
}

function parseLine(content: string): RawRecord | string {
  try {
    const value: unknown = JSON.parse(content);
    return isRecord(value) ? value : "The line is not a JSON object.";
  } catch {
    return "The line is not valid JSON.";
  }
}

function problemOf(issue: RawRecord, seen: ReadonlySet<string>): string | undefined {
  const id = textOf(issue["id"]);
  if (id === undefined) return "The issue has no id.";
  if (seen.has(id)) return `The id ${id} stands in an earlier line already.`;
  return textOf(issue["title"]) === undefined ? `The issue ${id} has no title.` : undefined;
}

function recordOf(issue: RawRecord, line: number, warnings: SourceProblem[]): SourceRecord {
  const id = textOf(issue["id"]) ?? "";
  const name = fitName(textOf(issue["title"]) ?? "");
  const tags = fitTags(textsOf(issue["labels"]));
  const links = linksOf(issue);
  const status = textOf(issue["status"]);
  const priority = Number(issue["priority"] ?? 2);
  const kept: Record<string, JsonValue> = {
    ...(name.whole !== undefined && { title: name.whole }),
    ...(tags.whole !== undefined && { labels: tags.whole }),
    ...(!plainStatuses.includes(status) && { status: status ?? "" }),
    // 3 and 4 both become low.
    ...(priorities[priority] === undefined || priority > 3 ? { priority } : {}),
    ...(links.others.length > 0 && { links: links.others }),
  };
  if (status !== undefined && statuses[status] === undefined)
    warnings.push({
      line,
      reason: `${id}: the status "${status}" is not known; it became pending`,
    });
  return {
    line,
    task: {
      externalId: id,
      name: name.value,
      description: sectionsText({
        "": textOf(issue["description"]),
        "Acceptance criteria": textOf(issue["acceptance_criteria"]),
      }),
      status: statuses[status ?? "open"] ?? "pending",
      priority: priorities[priority] ?? "medium",
      tags: tags.value,
      ...fitAssignee(textOf(issue["assignee"])),
      notes: [
        ...notesOf("planning", textOf(issue["design"])),
        ...notesOf("progress", textOf(issue["notes"])),
        ...notesOf("completion", textOf(issue["close_reason"])),
      ],
      metadata: { ...restOf(issue, knownFields), ...kept },
      ...instantsOf({
        createdAt: issue["created_at"],
        updatedAt: issue["updated_at"],
        completedAt: issue["closed_at"],
      }),
    },
    ...(links.parent !== undefined && { parent: links.parent }),
    dependencies: links.blockers,
  };
}

interface Links {
  readonly parent: string | undefined;
  readonly blockers: readonly string[];
  /** Links that mean nothing for the order of work, and further parents. */
  readonly others: readonly JsonValue[];
}

function linksOf(issue: RawRecord): Links {
  const links = Array.isArray(issue["dependencies"]) ? issue["dependencies"].filter(isRecord) : [];
  const blockers: string[] = [];
  const others: JsonValue[] = [];
  let parent: string | undefined;
  for (const link of links) {
    const type = textOf(link["type"]) ?? "blocks";
    const target = textOf(link["depends_on_id"]);
    if (target === undefined) continue;
    if (type === "blocks") blockers.push(target);
    else if (type === "parent-child" && parent === undefined) parent = target;
    else others.push({ type, target });
  }
  return { parent: parent ?? textOf(issue["parent"]), blockers, others };
}
