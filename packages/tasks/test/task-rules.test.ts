import { taskRules } from "@atlas/tasks/testing";
import { describe, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

describe("K1 K2 K5: the rules of every TaskManager, over a SQLite file", () => {
  test.for(taskRules)("$name", async (rule) => {
    await using fixture = await openTasks();

    await rule.check(fixture);
  });
});
