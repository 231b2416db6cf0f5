import { describe, expect, test } from "vitest";
import { parseBacklog } from "../src/import/backlog.ts";

const file = (name: string, lines: readonly string[]): { file: string; text: string } => ({
  file: name,
  text: lines.join("\n"),
});

const first = file("task-1 - First.md", [
  "---",
  "id: TASK-1.01",
  "title: 'First: the beginning'",
  "status: In Progress",
  "assignee:",
  "  - '@ann'",
  "  - '@bob'",
  "created_date: '2026-01-01 23:37'",
  "updated_date: '2026-02-01'",
  "labels: [cli, web]",
  "dependencies:",
  "  - task-2",
  "parent_task_id: TASK-9",
  "priority: High",
  "type: bug",
  "ordinal: 4000",
  "---",
  "",
  "## Description",
  "",
  "<!-- SECTION:DESCRIPTION:BEGIN -->",
  "What to do",
  "",
  "## A heading of its own",
  "more",
  "<!-- SECTION:DESCRIPTION:END -->",
  "",
  "## Acceptance Criteria",
  "<!-- AC:BEGIN -->",
  "- [x] #1 It works",
  "<!-- AC:END -->",
  "",
  "## Implementation Plan",
  "",
  "1. Think",
  "",
  "## Implementation Notes",
  "",
  "Thought",
  "",
  "## Final Summary",
  "",
  "Done",
]);

describe("K6: reading Backlog.md", () => {
  test("takes over the front matter and the sections", () => {
    const { records, rejected, warnings } = parseBacklog([first]);

    expect([rejected, warnings]).toEqual([[], []]);
    expect(records).toEqual([
      {
        line: 1,
        file: "task-1 - First.md",
        parent: "TASK-9",
        dependencies: ["TASK-2"],
        task: {
          externalId: "TASK-1.01",
          name: "First: the beginning",
          description:
            "What to do\n\n## A heading of its own\nmore\n\n## Acceptance Criteria\n\n- [x] #1 It works",
          notes: [
            { kind: "planning", text: "1. Think" },
            { kind: "progress", text: "Thought" },
            { kind: "completion", text: "Done" },
          ],
          status: "in_progress",
          priority: "high",
          tags: ["cli", "web"],
          assignee: "@ann",
          metadata: { type: "bug", ordinal: 4000, assignees: ["@bob"] },
          createdAt: "2026-01-01T23:37:00.000Z",
          updatedAt: "2026-02-01T00:00:00.000Z",
        },
      },
    ]);
  });

  test("links reach a record whose prefix or zeros have changed, if only one can be meant", () => {
    const { records } = parseBacklog([
      file("a.md", ["---", "id: BACK-7", "title: A", "dependencies: [task-3.1, task-4]", "---"]),
      file("b.md", ["---", "id: BACK-3.01", "title: B", "---"]),
      file("c.md", ["---", "id: BACK-4", "title: C", "---"]),
      file("d.md", ["---", "id: OLD-4", "title: D", "---"]),
    ]);

    expect(records[0]?.dependencies).toEqual(["BACK-3.01", "TASK-4"]);
  });

  test("files that are no tasks are named with the reason", () => {
    const { records, rejected } = parseBacklog([
      file("readme.md", ["# Tasks"]),
      file("broken.md", ["---", "id: [", "---"]),
      file("empty.md", ["---", "text", "---"]),
      file("no-id.md", ["---", "title: X", "---"]),
      file("no-title.md", ["---", "id: task-5", "---"]),
      first,
      { ...first, file: "copy.md" },
    ]);

    expect(records).toHaveLength(1);
    expect(rejected.map((problem) => [problem.file, problem.reason])).toEqual([
      ["readme.md", "It does not begin with front matter, so it is not a task."],
      ["broken.md", "Its front matter is not valid YAML."],
      ["empty.md", "Its front matter holds no fields."],
      ["no-id.md", "The task has no id."],
      ["no-title.md", "The task task-5 has no title."],
      ["copy.md", "Another file has the id TASK-1.01 as well."],
    ]);
  });

  test("an unknown status is named, and the task arrives as pending", () => {
    const { records, warnings } = parseBacklog([
      file("a.md", ["---", "id: task-1", "title: A", "status: Icebox", "---"]),
    ]);

    expect(records[0]?.task).toMatchObject({ status: "pending", metadata: { status: "Icebox" } });
    expect(warnings).toMatchObject([{ file: "a.md", line: 1 }]);
  });
});
