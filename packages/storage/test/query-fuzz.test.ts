import { alias, from, type Query, updateTable } from "@atlas/storage";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tasks } from "./fixtures/schema.ts";
import { untyped } from "./fixtures/untyped.ts";

// Goal: whatever strings stand in every place a caller can put one, a query is
// refused or its text is one of those that harmless strings make.
const text = fc.oneof(
  fc.string(),
  fc.constantFrom("id", "name", "tasks.id", 'x" OR 1=1 --', "'; drop table tasks; --", "\0"),
  fc.constantFrom("eq", "like", "isNull", "asc", "desc", "t", "output"),
);

/** The text of a query, or undefined when it is refused as it should be. */
function attempt(build: () => Query): string | undefined {
  try {
    return build().sql;
  } catch (error) {
    const { code } = error as { readonly code: string };
    if (/^storage\.(query|value)_invalid$/.test(code)) return undefined;
    throw error;
  }
}

test("D1: no string of a caller becomes SQL text as a value", () => {
  const build = (name: string, ids: readonly string[]): string =>
    from(tasks).select("id").where("name", "eq", name).where("id", "in", ids).build().sql;
  const harmless = build("x", ["y"]);

  fc.assert(
    fc.property(fc.string(), fc.array(fc.string(), { minLength: 1 }), (name, ids) => {
      expect(build(name, ids)).toBe(harmless);
    }),
  );
});

test("D1: no string of a caller becomes SQL text as a name, operator, direction or alias", () => {
  const known =
    /^SELECT "\w+" AS "[A-Za-z]\w*" FROM "tasks"( AS "[A-Za-z]\w*")? WHERE "\w+" (=|LIKE|IS NULL|[A-Z <>=]+)( \?)?( ESCAPE '\\')? ORDER BY "\w+"( DESC)?$/;
  let built = 0;

  fc.assert(
    fc.property(fc.tuple(text, text, text, text, text), (given) => {
      const [name, output, operator, direction, key] = given;
      const sql = attempt(() =>
        untyped(from(alias(tasks, key)))["select"]!({ [output]: name })["where"]!(
          name,
          operator,
          "v",
        )["orderBy"]!(name, direction).build(),
      );
      if (sql === undefined) return true;
      built += 1;
      return known.test(sql);
    }),
    { numRuns: 20_000 },
  );

  expect(built).toBeGreaterThan(0);
});

test("D1: no string of a caller becomes SQL text as a column of a write", () => {
  fc.assert(
    fc.property(text, fc.string(), (name, value) => {
      const column = name.replace(/^tasks\./, "");
      const sql = attempt(() =>
        untyped(untyped(updateTable(tasks))["set"]!({ [name]: value }))["everywhere"]!().build(),
      );
      return (
        sql === undefined ||
        (Object.hasOwn(tasks.columns, column) && sql === `UPDATE "tasks" SET "${column}" = ?`)
      );
    }),
    { numRuns: 2_000 },
  );

  expect(attempt(() => from(tasks).select("id").build())).toBe('SELECT "id" AS "id" FROM "tasks"');
});
