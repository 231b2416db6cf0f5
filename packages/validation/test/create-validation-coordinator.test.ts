import {
  createValidationCoordinator,
  defineRule,
  validationCoordinatorDefaults,
  validationErrorCodes,
  type RuleFields,
  type ValidationEvent,
} from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const schema = z.object({ name: z.string(), age: z.number().optional() });
interface Person {
  readonly name: string;
  readonly age?: number | undefined;
}

function rule(code: string) {
  return defineRule<Person>({ code, message: "No.", fields: "all", check: () => true });
}

it.each([
  ["flat", "is not of the form"],
  ["Task.upper", "is not of the form"],
  ["task.", "is not of the form"],
  ["schema.own", "begins with schema"],
])("V1: refuses the rule code %s", (code, reason) => {
  expect(() => createValidationCoordinator(schema, { rules: [rule(code)] })).toThrow(
    expect.objectContaining({
      code: "validation.invalid_rule",
      message: expect.stringContaining(reason),
    }),
  );
});

it("V1: refuses a code that a rule and a check share", () => {
  const checks = [{ code: "a.b", message: "No.", verify: () => [] }];

  expect(() => createValidationCoordinator(schema, { rules: [rule("a.b")], checks })).toThrow(
    'The rule code "a.b" is used twice.',
  );
});

it.each([
  [{ issueMax: 3 }, "configuration.unknown_option"],
  [{ issuesMax: 0 }, "configuration.invalid_option"],
  [{ issuesMax: 100_001 }, "configuration.invalid_option"],
  [{ itemsMax: 0 }, "configuration.invalid_option"],
  [{ itemsMax: 1_000_001 }, "configuration.invalid_option"],
])("V1: refuses the options %o", (options, code) => {
  expect(() => createValidationCoordinator(schema, options as object)).toThrow(
    expect.objectContaining({ code }),
  );
});

it("V1: copies its options, so that later changes do not reach it", async () => {
  const rules = [rule("a.b")];
  const coordinator = createValidationCoordinator(schema, { rules });

  rules.push(defineRule<Person>({ ...rule("c.d"), check: () => false }));

  expect(await coordinator.validate({ name: "x" })).toMatchObject({ ok: true });
});

it("V1: has stable defaults and codes", () => {
  expect(validationCoordinatorDefaults).toEqual({
    issuesMax: 1000,
    itemsMax: 10_000,
    batchSize: 1000,
  });
  expect(Object.keys(validationErrorCodes)).toEqual([
    "validation.failed",
    "validation.too_many_items",
    "validation.invalid_rule",
    "validation.invalid_repair",
  ]);
});

it("V1: refuses misspelt options of a call", async () => {
  const options = { changed: ["name"] };

  await expect(
    createValidationCoordinator(schema).validate({ name: "x" }, options as object),
  ).rejects.toMatchObject({ code: "configuration.unknown_option" });
});

describe("V1: schemas", () => {
  it("waits for a schema that answers later", async () => {
    const slow = schema.refine(({ name }) => Promise.resolve(name !== "taken"), "Taken.");

    expect(await createValidationCoordinator(slow).validate({ name: "taken" })).toMatchObject({
      ok: false,
      issues: [{ code: "schema.custom", message: "Taken.", path: [] }],
    });
  });

  it("takes any Standard Schema, even one without codes and paths", async () => {
    const standard = {
      "~standard": {
        version: 1 as const,
        validate: () => ({
          issues: [{ message: "No." }, { message: "Deep.", path: [{ key: "a" }, 1, Symbol("s")] }],
        }),
      },
    };

    expect(await createValidationCoordinator(standard).validate({})).toMatchObject({
      issues: [
        { code: "schema.invalid", path: [] },
        { code: "schema.invalid", path: ["a", 1, "Symbol(s)"] },
      ],
    });
  });

  it("throws on what a schema throws", async () => {
    const broken = schema.refine(() => {
      throw new RangeError("defect");
    });

    await expect(
      createValidationCoordinator(broken).validate({ name: "x" }),
    ).rejects.toBeInstanceOf(RangeError);
  });
});

it("V2: puts a verdict of false at the rule's only field, else at the item", async () => {
  const one = defineRule<Person>({ ...rule("one.field"), fields: ["age"], check: () => false });
  const two = defineRule<Person>({
    ...rule("two.fields"),
    fields: ["age", "name"],
    check: () => false,
  });

  const { issues } = await createValidationCoordinator(schema, { rules: [one, two] }).validate({
    name: "x",
  });

  expect(issues.map(({ path }) => path)).toEqual([["age"], []]);
});

it("V2: lets a finding have its own words", async () => {
  const own = defineRule<Person>({
    ...rule("own.words"),
    check: () => [{ message: "Twice." }, { path: ["name", 0] }],
  });

  const { issues } = await createValidationCoordinator(schema, { rules: [own] }).validate({
    name: "x",
  });

  expect(issues).toMatchObject([
    { message: "Twice.", path: [] },
    { message: "No.", path: ["name", 0] },
  ]);
});

it("V2: keeps an error even when warnings have used up the room", async () => {
  const warning = defineRule<Person>({
    ...rule("many.warnings"),
    severity: "warning",
    check: () => Array.from({ length: 5 }, () => ({})),
  });
  const error = defineRule<Person>({ ...rule("one.error"), check: () => false });

  const result = await createValidationCoordinator(schema, {
    rules: [warning, error],
    issuesMax: 2,
  }).validate({ name: "x" });

  expect(result.truncated).toBe(true);
  expect(result.issues.map(({ code }) => code)).toEqual([
    "many.warnings",
    "many.warnings",
    "one.error",
  ]);
});

it("V2: answers for no items at all", async () => {
  expect(await createValidationCoordinator(schema).validateMany([])).toEqual({
    ok: true,
    results: [],
    stateIssues: [],
    truncated: false,
  });
});

describe("V2: events", () => {
  it("tells an observer the counts, and survives one that throws", async () => {
    const events: ValidationEvent[] = [];
    const coordinator = createValidationCoordinator(schema, {
      onEvent: (event) => {
        events.push(event);
        throw new Error("observer");
      },
    });

    await coordinator.validateMany([{ name: "x" }, { name: 1, age: "y" }]);

    expect(events).toEqual([
      {
        type: "validation.completed",
        items: 2,
        rejected: 1,
        errors: 2,
        warnings: 0,
        truncated: false,
      },
    ]);
  });
});

it("V1: an update runs the rules that read one of its fields or all of them", async () => {
  const ran: string[] = [];
  const noting = (code: string, fields: RuleFields<Person>) =>
    defineRule<Person>({ code, message: "No.", fields, check: () => ran.push(code) > 0 });
  const coordinator = createValidationCoordinator(schema, {
    rules: [noting("a.both", ["name", "age"]), noting("a.age", ["age"]), noting("a.all", "all")],
  });

  await coordinator.validate({ name: "x" }, { changedFields: ["name"] });
  await coordinator.validate({ name: "x" }, { changedFields: [] });

  expect(ran).toEqual(["a.both", "a.all", "a.all"]);
});

it("V1: a field whose name begins like another one is another field", async () => {
  let ran = false;
  const rule = defineRule<{ readonly age: number; readonly ages: number }>({
    code: "a.b",
    message: "No.",
    fields: ["age"],
    check: () => (ran = true),
  });
  const both = z.object({ age: z.number(), ages: z.number() });

  await createValidationCoordinator(both, { rules: [rule] }).validate(
    { age: 1, ages: 2 },
    { changedFields: ["ages"] },
  );

  expect(ran).toBe(false);
});
