import { createValidationCoordinator, defineRule } from "@atlas/validation";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { z } from "zod";

// Goal: a rule judges by what its own transaction sees, not by what was
// committed. Method: a name is inserted and not yet committed; the rule reads
// it through the connection it is given.

const schema = z.object({ name: z.string() });
interface Named {
  readonly name: string;
}

const nameTaken = defineRule({
  code: "task.name_taken",
  message: "Another task has this name.",
  fields: ["name"],
  load: (items: readonly Named[], database: DatabaseSync) => {
    const names = JSON.stringify(items.map(({ name }) => name));
    const rows = database
      .prepare("SELECT name FROM task WHERE name IN (SELECT value FROM json_each(?))")
      .all(names);
    return new Set(rows.map((row) => row["name"]));
  },
  check: (item: Named, taken) => !taken.has(item.name),
});

it("V3: a rule reads stored data inside the transaction that guards it", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE task (name TEXT PRIMARY KEY) STRICT");
  const coordinator = createValidationCoordinator(schema, { rules: [nameTaken] });
  const validate = () =>
    coordinator.validateMany([{ name: "a" }, { name: "b" }], { context: database });

  database.exec("BEGIN IMMEDIATE");
  database.exec("INSERT INTO task VALUES ('a')");
  const inside = await validate();
  database.exec("ROLLBACK");
  const after = await validate();

  expect(inside.results.map(({ ok }) => ok)).toEqual([false, true]);
  expect(after.results.map(({ ok }) => ok)).toEqual([true, true]);
  database.close();
});
