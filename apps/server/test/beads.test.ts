import { describe, expect, test } from "vitest";
import { parseBeads } from "../src/import/beads.ts";

const issue = (fields: object): string =>
  JSON.stringify({ id: "bd-1", title: "One", status: "open", ...fields });

describe("K6: reading beads", () => {
  test("takes over every field, and what has no place of its own into the metadata", () => {
    const { records, rejected, warnings } = parseBeads(
      issue({
        description: "What",
        acceptance_criteria: "Works",
        design: "How",
        notes: "So far",
        close_reason: "Done with it",
        status: "closed",
        priority: 1,
        issue_type: "bug",
        assignee: "ann",
        labels: ["a", "b", "a"],
        created_at: "2026-01-01T10:00:00+02:00",
        updated_at: "2026-01-02T00:00:00Z",
        closed_at: "2026-01-03T00:00:00Z",
        dependency_count: 2,
        dependencies: [
          { issue_id: "bd-1", depends_on_id: "bd-2", type: "parent-child" },
          { issue_id: "bd-1", depends_on_id: "bd-3", type: "blocks" },
          { issue_id: "bd-1", depends_on_id: "bd-4", type: "discovered-from" },
          { issue_id: "bd-1", depends_on_id: "bd-5", type: "parent-child" },
        ],
      }),
    );

    expect(rejected).toEqual([]);
    expect(warnings).toEqual([]);
    expect(records).toEqual([
      {
        line: 1,
        parent: "bd-2",
        dependencies: ["bd-3"],
        task: {
          externalId: "bd-1",
          name: "One",
          description: "What\n\n## Acceptance criteria\n\nWorks",
          status: "completed",
          priority: "high",
          tags: ["a", "b"],
          assignee: "ann",
          notes: [
            { kind: "planning", text: "How" },
            { kind: "progress", text: "So far" },
            { kind: "completion", text: "Done with it" },
          ],
          metadata: {
            issue_type: "bug",
            links: [
              { type: "discovered-from", target: "bd-4" },
              { type: "parent-child", target: "bd-5" },
            ],
          },
          createdAt: "2026-01-01T08:00:00.000Z",
          updatedAt: "2026-01-02T00:00:00.000Z",
          completedAt: "2026-01-03T00:00:00.000Z",
        },
      },
    ]);
  });

  test.each([
    ["open", "pending", undefined],
    ["hooked", "in_progress", "hooked"],
    ["pinned", "pending", "pinned"],
    ["in_progress", "in_progress", undefined],
    ["closed", "completed", undefined],
    ["tombstone", "cancelled", "tombstone"],
  ])("the status %s becomes %s and stays readable", (status, expected, kept) => {
    const [record] = parseBeads(issue({ status })).records;

    expect(record?.task.status).toBe(expected);
    expect(record?.task.metadata?.["status"]).toBe(kept);
  });

  test("an unknown status is named, and the issue arrives as pending", () => {
    const { records, warnings } = parseBeads(issue({ status: "strange" }));

    expect(records[0]?.task).toMatchObject({ status: "pending", metadata: { status: "strange" } });
    expect(warnings).toEqual([{ line: 1, reason: expect.stringContaining('"strange"') }]);
  });

  test("lines that are no issues are named by number; the others arrive", () => {
    const text = [
      issue({ id: "bd-1" }),
      "{broken",
      "",
      "[1]",
      issue({ id: "bd-1", title: "Again" }),
      issue({ id: undefined }),
      issue({ id: "bd-2", title: " " }),
      issue({ id: "bd-3" }),
    ].join("\n");

    const { records, rejected } = parseBeads(text);

    expect(records.map(({ task, line }) => [task.externalId, line])).toEqual([
      ["bd-1", 1],
      ["bd-3", 8],
    ]);
    expect(rejected).toEqual([
      { line: 2, reason: "The line is not valid JSON." },
      { line: 4, reason: "The line is not a JSON object." },
      { line: 5, reason: "The id bd-1 stands in an earlier line already." },
      { line: 6, reason: "The issue has no id." },
      { line: 7, reason: "The issue bd-2 has no title." },
    ]);
  });

  test("what is too long is cut where it stands and kept whole in the metadata", () => {
    const title = "word ".repeat(60).trim();
    const [record] = parseBeads(
      issue({ title, labels: ["x".repeat(65), "short"], notes: "n".repeat(20_000) }),
    ).records;

    expect(record?.task.name).toHaveLength(200);
    expect(record?.task.metadata).toMatchObject({ title, labels: ["x".repeat(65), "short"] });
    expect(record?.task.tags).toEqual(["short"]);
    expect(record?.task.notes?.map(({ text }) => text.length)).toEqual([16_384, 3_616]);
  });
});
