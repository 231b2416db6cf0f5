import type { SettableStatus, TaskPriority } from "@atlas/tasks";
import { parse } from "yaml";
import { type Markdown, parseBacklogFile } from "./backlog-file.ts";
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

/** A file of the source. */
export interface SourceFile {
  /** Name within the source. */
  readonly file: string;
  readonly text: string;
}

/** Names of statuses are up to each project; these are the usual ones. */
const statuses: Readonly<Record<string, SettableStatus>> = {
  "to do": "pending",
  todo: "pending",
  backlog: "pending",
  draft: "pending",
  "in progress": "in_progress",
  review: "in_progress",
  done: "completed",
  completed: "completed",
  cancelled: "cancelled",
};

const plainStatuses: readonly string[] = ["to do", "in progress", "done"];

const priorities: readonly TaskPriority[] = ["critical", "high", "medium", "low"];

const knownFields: readonly string[] = [
  "id",
  "title",
  "status",
  "assignee",
  "labels",
  "dependencies",
  "parent_task_id",
  "priority",
  "created_date",
  "updated_date",
  "completed_date",
];

/** Reads the Markdown files of a Backlog.md project: YAML in front, sections below. */
export function parseBacklog(files: readonly SourceFile[]): ParsedSource {
  const records: SourceRecord[] = [];
  const rejected: SourceProblem[] = [];
  const warnings: SourceProblem[] = [];
  const seen = new Set<string>();
  for (const { file, text } of files) {
    const markdown = parseBacklogFile(text);
    const fields = markdown === undefined ? undefined : frontMatterOf(markdown.frontMatter);
    const problem = typeof fields === "object" ? problemOf(fields, seen) : fields;
    if (markdown === undefined || typeof fields !== "object" || problem !== undefined) {
      const reason = problem ?? "It does not begin with front matter, so it is not a task.";
      rejected.push({ line: 1, file, reason });
      continue;
    }
    seen.add(keyOf(textOf(fields["id"]) ?? ""));
    records.push(recordOf({ file, fields, markdown }, warnings));
  }
  return { records: records.map((record) => withExactLinks(record, records)), rejected, warnings };
}

function frontMatterOf(text: string): RawRecord | string {
  try {
    const value: unknown = parse(text);
    return isRecord(value) ? value : "Its front matter holds no fields.";
  } catch {
    return "Its front matter is not valid YAML.";
  }
}

function problemOf(fields: RawRecord, seen: ReadonlySet<string>): string | undefined {
  const id = textOf(fields["id"]);
  if (id === undefined) return "The task has no id.";
  if (seen.has(keyOf(id))) return `Another file has the id ${id} as well.`;
  return textOf(fields["title"]) === undefined ? `The task ${id} has no title.` : undefined;
}

interface BacklogTask {
  readonly file: string;
  readonly fields: RawRecord;
  readonly markdown: Markdown;
}

function recordOf(
  { file, fields, markdown }: BacklogTask,
  warnings: SourceProblem[],
): SourceRecord {
  const externalId = keyOf(textOf(fields["id"]) ?? "");
  const name = fitName(textOf(fields["title"]) ?? "");
  const tags = fitTags(textsOf(fields["labels"]));
  const [assignee, ...others] = textsOf(fields["assignee"]);
  const status = textOf(fields["status"]) ?? "To Do";
  const known = statuses[status.toLowerCase()];
  const priority = priorities.find((each) => each === textOf(fields["priority"])?.toLowerCase());
  const parent = textOf(fields["parent_task_id"]);
  if (known === undefined)
    warnings.push({
      line: 1,
      file,
      reason: `${externalId}: the status "${status}" is not known; it became pending`,
    });
  return {
    line: 1,
    file,
    ...(parent !== undefined && { parent: keyOf(parent) }),
    task: {
      externalId,
      name: name.value,
      ...textsFrom(markdown),
      status: known ?? "pending",
      ...(priority !== undefined && { priority }),
      tags: tags.value,
      ...fitAssignee(assignee),
      metadata: {
        ...restOf(fields, knownFields),
        ...(name.whole !== undefined && { title: name.whole }),
        ...(tags.whole !== undefined && { labels: tags.whole }),
        ...(!plainStatuses.includes(status.toLowerCase()) && { status }),
        ...(others.length > 0 && { assignees: others }),
      },
      ...instantsOf({
        createdAt: fields["created_date"],
        updatedAt: fields["updated_date"],
        completedAt: fields["completed_date"],
      }),
    },
    dependencies: textsOf(fields["dependencies"]).map(keyOf),
  };
}

/** Plan, notes and summary become notes; every other section is part of the description. */
function textsFrom({ sections }: Markdown): Pick<SourceRecord["task"], "description" | "notes"> {
  const {
    Description: description,
    "Implementation Plan": plan,
    "Implementation Notes": notes,
    "Final Summary": summary,
    Comments: comments,
    ...others
  } = sections;
  return {
    description: sectionsText({ "": description, ...others }),
    notes: [
      ...notesOf("planning", plan),
      ...notesOf("progress", notes),
      ...notesOf("progress", comments),
      ...notesOf("completion", summary),
    ],
  };
}

/** Ids are the same in any case of letters. */
function keyOf(id: string): string {
  return id.trim().toUpperCase();
}

/** The numbers of an id, without its prefix: projects change their prefix and keep old links. */
function numberOf(id: string): string {
  return id
    .replace(/^[^\d]*/, "")
    .split(".")
    .map((part) => part.replace(/^0+(?=\d)/, ""))
    .join(".");
}

/** Links that name a record by another prefix than it has now are led to it. */
function withExactLinks(record: SourceRecord, records: readonly SourceRecord[]): SourceRecord {
  const ids = records.map(({ task }) => task.externalId);
  const exact = (link: string): string => {
    if (ids.includes(link)) return link;
    const same = ids.filter((id) => numberOf(id) === numberOf(link));
    return same.length === 1 ? (same[0] ?? link) : link;
  };
  const { parent, dependencies } = record;
  return {
    ...record,
    ...(parent !== undefined && { parent: exact(parent) }),
    dependencies: dependencies.map(exact),
  };
}
