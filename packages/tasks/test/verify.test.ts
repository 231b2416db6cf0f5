import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };

describe("verify beside writers", () => {
  test("finds nothing while tasks move and get dependencies", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    await tasks.create([{ name: "p" }, { name: "t" }], ann);
    let writing = true;
    const write = async (): Promise<void> => {
      while (writing) {
        await tasks.update([{ task: "t", parent: "p" }], ann);
        await tasks.update([{ task: "p/t", parent: null }], ann);
        await tasks.update([{ task: "p", addDependencies: ["t"] }], ann);
        await tasks.update([{ task: "p", removeDependencies: ["t"] }], ann);
      }
    };
    const writer = write();

    for (let times = 0; times < 20; times += 1) expect(await tasks.verify()).toEqual([]);

    writing = false;
    await writer;
  });
});

/** One wrong row each, and the kind of finding that has to name it. */
const damages: readonly (readonly [kind: string, sql: string])[] = [
  ["index", "UPDATE tasks SET descendants = descendants + 1 WHERE path = 'g'"],
  ["index", "UPDATE tasks SET blockers = blockers + 1 WHERE path = 'g/b'"],
  ["index", "UPDATE tasks SET unfinished_dependencies = 0 WHERE path = 'g/b'"],
  ["path", "UPDATE tasks SET path = 'h/a' WHERE path = 'g/a'"],
  ["tags", "DELETE FROM task_tags"],
  ["lease", "UPDATE tasks SET lease_holder = 'x' WHERE path = 'g/a'"],
  [
    "lease",
    "UPDATE tasks SET lease_holder = 'x', lease_expires_at = 1, status = 'pending' WHERE path = 'g/a'",
  ],
  ["group", "UPDATE tasks SET status = 'pending' WHERE path = 'g'"],
  ["completion", "UPDATE tasks SET completed_at = 1 WHERE path = 'g/a'"],
  ["record", "UPDATE tasks SET status = 'blocked' WHERE path = 'g/a'"],
  [
    "cycle",
    `INSERT INTO task_dependencies SELECT a.id, b.id FROM tasks AS a, tasks AS b
     WHERE a.path = 'g/a' AND b.path = 'g/b'`,
  ],
];

describe("verify names what is not as it must be", () => {
  test.for(damages)("%s: %s", async ([kind, sql]) => {
    await using open = await openTasks();
    const { tasks } = open;
    await tasks.create(
      [
        { name: "g", type: "group" },
        { name: "a", parent: "g", tags: ["x"], status: "in_progress" },
        { name: "b", parent: "g", dependencies: ["g/a"] },
      ],
      ann,
    );
    const sound = await tasks.verify();
    await open.engine.connection.execute(sql);

    const findings = await tasks.verify();

    expect(sound).toEqual([]);
    expect(findings.map((finding) => finding.kind)).toContain(kind);
  });
});
