import { changedFieldsOf, createValidationCoordinator, defineRule } from "@atlas/validation";
import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";

interface Deep {
  readonly name?: string | undefined;
  readonly tags: readonly string[];
  readonly at?: Date;
  readonly place: { readonly city: string; readonly geo?: { readonly lat: number } };
  readonly notes?: Readonly<Record<string, unknown>>;
}
const stored: Deep = {
  name: "a",
  tags: ["x"],
  at: new Date(5),
  place: { city: "Rome", geo: { lat: 1 } },
  notes: { plan: { by: { whom: { age: 1 } } } },
};

it.each<[string, Partial<Deep>, readonly string[]]>([
  ["nothing", {}, []],
  ["equal values in new objects", structuredClone(stored), []],
  ["a field", { name: "b" }, ["name"]],
  ["a list, as one field", { tags: ["x", "y"] }, ["tags"]],
  ["an element of a list", { tags: ["y"] }, ["tags"]],
  ["a date, as one field", { at: new Date(6) }, ["at"]],
  ["a field in an object", { place: { city: "Oslo", geo: { lat: 1 } } }, ["place.city"]],
  ["an object that is gone from another", { place: { city: "Rome" } }, ["place.geo"]],
  ["an object in place of a value", { notes: { plan: { by: 3 } } }, ["notes.plan.by"]],
  [
    "what lies deeper than four, as the fourth",
    { notes: { plan: { by: { whom: { age: 2 } } } } },
    ["notes.plan.by.whom"],
  ],
  ["an object with dotted names, as one field", { notes: { "plan.by": 1 } }, ["notes"]],
])("V1: names what changed: %s", (_name, change, expected) => {
  expect(changedFieldsOf(stored, { ...stored, ...change })).toEqual(expected);
});

it("V1: a field that is missing equals one that is undefined", () => {
  const { name: _name, ...nameless } = stored;

  expect(changedFieldsOf<Deep>({ ...stored, name: undefined }, nameless)).toEqual([]);
  expect(changedFieldsOf<Deep>(stored, nameless)).toEqual(["name"]);
});

it("V1: what is not stored yet runs every rule", () => {
  expect(changedFieldsOf(undefined, stored)).toBeUndefined();
});

it("V1: values that contain themselves end", () => {
  const loop = (): Record<string, unknown> => {
    const value: Record<string, unknown> = {};
    value["self"] = value;
    return value;
  };

  expect(changedFieldsOf(loop(), loop())).toEqual([]);
  expect(changedFieldsOf<Record<string, unknown>>(loop(), { self: 1 })).toEqual(["self"]);
});

// Goal: leaving rules out never leaves out one that could break. Method: random
// pairs of items; every rule whose field differs by another definition of
// difference must have run.
it("V1: a rule over a field that changed is never left out", async () => {
  const fields = ["a", "b", "b.c", "b.d", "b.c.e"] as const;
  const read = (item: unknown, path: string): unknown =>
    path
      .split(".")
      .reduce<unknown>(
        (value, name) => (value as Record<string, unknown> | null | undefined)?.[name],
        item,
      );
  const ran = new Set<string>();
  const rules = fields.map((field) =>
    defineRule<Record<string, unknown>>({
      code: `rule.${field.replaceAll(".", "_")}`,
      message: "No.",
      fields: [field],
      check: () => ran.add(field).size > 0,
    }),
  );
  const items = createValidationCoordinator(z.record(z.string(), z.unknown()), { rules });
  const leaf = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constant(null), fc.constant([1]));
  const inner = fc.record({ c: fc.oneof(leaf, fc.record({ e: leaf })), d: leaf });
  const item = fc.record({ a: leaf, b: fc.oneof(leaf, inner) }, { requiredKeys: [] });

  await fc.assert(
    fc.asyncProperty(item, item, async (before, after) => {
      ran.clear();
      const changedFields = changedFieldsOf<Record<string, unknown>>(before, after);
      await items.validate(after, changedFields === undefined ? {} : { changedFields });
      const differ = fields.filter(
        (field) => JSON.stringify(read(before, field)) !== JSON.stringify(read(after, field)),
      );
      expect([...ran]).toEqual(expect.arrayContaining(differ));
    }),
    { numRuns: 500 },
  );
});
