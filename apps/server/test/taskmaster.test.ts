import { describe, expect, test } from "vitest";
import { parseTaskmaster } from "../src/import/taskmaster.ts";

const source = {
  main: {
    tasks: [
      {
        id: 1,
        title: "One",
        description: "First",
        details: "How",
        testStrategy: "Try",
        status: "done",
        priority: "high",
        dependencies: [],
        complexity: 5,
        subtasks: [
          { id: 1, title: "Sub one", status: "review", dependencies: [] },
          { id: 2, title: "Sub two", status: "pending", dependencies: [1, "2.1", "7"] },
        ],
      },
      {
        id: "2",
        title: "Two",
        status: "deferred",
        dependencies: [1, "1.2"],
        subtasks: [{ id: 1, title: "Sub", status: "in-progress" }],
      },
    ],
    metadata: { description: "The plan", created: "2026-01-01T00:00:00.000Z" },
  },
};

describe("K6: reading Task Master", () => {
  test("tags become groups, with tasks and subtasks below", () => {
    const { records, rejected, warnings } = parseTaskmaster(JSON.stringify(source));

    expect([rejected, warnings]).toEqual([[], []]);
    expect(records.map(({ task, parent }) => [task.externalId, parent ?? null])).toEqual([
      ["main", null],
      ["main/1", "main"],
      ["main/1.1", "main/1"],
      ["main/1.2", "main/1"],
      ["main/2", "main"],
      ["main/2.1", "main/2"],
    ]);
    expect(records[0]?.task).toMatchObject({ type: "group", description: "The plan" });
    expect(records[1]?.task).toMatchObject({
      description: "First\n\n## Details\n\nHow\n\n## Test strategy\n\nTry",
      status: "completed",
      priority: "high",
      metadata: { complexity: 5 },
    });
    expect(records.map(({ task }) => task.status)).toEqual([
      undefined,
      "completed",
      "in_progress",
      "pending",
      "pending",
      "in_progress",
    ]);
    expect(records[2]?.task.metadata).toEqual({ status: "review" });
    expect(records[4]?.task.metadata).toEqual({ status: "deferred" });
  });

  test("a number means a sibling subtask where there is one, otherwise a task", () => {
    const { records } = parseTaskmaster(JSON.stringify(source));

    expect(records[3]?.dependencies).toEqual(["main/1.1", "main/2.1", "main/7"]);
    expect(records[4]?.dependencies).toEqual(["main/1", "main/1.2"]);
  });

  test("the older form without tags is one tag", () => {
    const { records } = parseTaskmaster(JSON.stringify({ tasks: source.main.tasks }));

    expect(records[0]?.task.externalId).toBe("master");
    expect(records).toHaveLength(6);
  });

  test("a second record of one id arrives under a name of its own, and that is said", () => {
    const tasks = [
      {
        id: 1,
        title: "A",
        subtasks: [
          { id: 1, title: "X" },
          { id: 1, title: "Y" },
        ],
      },
    ];

    const { records, warnings } = parseTaskmaster(JSON.stringify({ tasks }));

    expect(records.map(({ task }) => task.externalId)).toEqual([
      "master",
      "master/1",
      "master/1.1",
      "master/1.1#2",
    ]);
    expect(warnings).toEqual([{ line: 1, reason: expect.stringContaining("stands there twice") }]);
  });

  test("records that are no tasks are named with their line", () => {
    const text = JSON.stringify(
      { a: { tasks: [{ id: 1 }, { title: "No id" }, 7, { id: 2, title: "Two" }] }, b: {} },
      undefined,
      1,
    );

    const { records, rejected } = parseTaskmaster(text);

    expect(records.map(({ task }) => task.externalId)).toEqual(["a", "a/2"]);
    expect(rejected).toEqual([
      { line: 4, reason: "a: the task 1 has no title." },
      { line: 7, reason: "a: a task has no id." },
      { line: 10, reason: "a: an entry is not a JSON object." },
      { line: 17, reason: 'The tag "b" has no list of tasks.' },
    ]);
  });

  test("a file that is not JSON is named with the line where it goes wrong", () => {
    const { records, rejected } = parseTaskmaster('{\n "a": {\n  "tasks": [\n   oops\n');

    expect(records).toEqual([]);
    expect(rejected).toEqual([{ line: 4, reason: "The file is not valid JSON at line 4." }]);
  });

  test("a file that is JSON of another kind is named", () => {
    expect(parseTaskmaster("[]").rejected).toEqual([
      { line: 1, reason: "The file is not a JSON object." },
    ]);
  });
});
