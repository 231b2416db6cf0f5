import { defineCollection, openEngine } from "@atlas/engine";
import { defineTable } from "@atlas/storage";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openTemporaryStore } from "./temporary-store.ts";

const table = defineTable("note", {
  columns: {
    id: { type: "text" },
    text: { type: "text" },
    version: { type: "integer" },
    children: { type: "integer", default: 0 },
    bare: { type: "integer" },
  },
  primaryKey: ["id"],
});
const schema = z.strictObject({ id: z.string(), text: z.string(), bare: z.int() });
const children = { name: "note_children", column: "children", expression: "1" };
const sound = {
  name: "note",
  table,
  schema,
  key: "id",
  version: "version",
  maintained: [children],
};

describe("G1: declaring a collection", () => {
  it("freezes what was declared, with its defaults", () => {
    const definition = defineCollection(sound as never);

    expect(definition).toMatchObject({ key: ["id"], tracked: true, indexes: [], migrations: [] });
    expect(Object.isFrozen(definition)).toBe(true);
  });

  it.each<[string, object, string]>([
    ["an unknown option", { trakced: true }, '"trakced"'],
    ["a name with capitals", { name: "Note" }, "lower case"],
    ["a name that is too long", { name: "n".repeat(65) }, "lower case"],
    ["a key that is not the primary key", { key: "text" }, "primary key"],
    ["a version that is no integer", { version: "text" }, "not an integer"],
    ["a version that does not exist", { version: "nothing" }, "not an integer"],
    ["an unknown maintained column", { maintained: [{ ...children, column: "x" }] }, "not exist"],
    ["a maintained key", { maintained: [{ ...children, column: "id" }] }, "cannot be maintained"],
    [
      "a maintained column without default",
      { maintained: [{ ...children, column: "bare" }] },
      "default",
    ],
    [
      "a field without column",
      { schema: schema.extend({ more: z.int() }) },
      '"more" has no column',
    ],
    ["a column without field", { schema: schema.omit({ text: true }) }, '"text" has no field'],
    ["a field for the version", { schema: schema.extend({ version: z.int() }) }, "engine alone"],
  ])("refuses %s", (_what, change, message) => {
    expect(() => defineCollection({ ...sound, ...change } as never)).toThrow(
      expect.objectContaining({
        code: "configuration.collection_invalid",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("refuses keys that cannot be told as text, and maintained columns of several keys", () => {
    const real = defineTable("real", { columns: { at: { type: "real" } }, primaryKey: ["at"] });
    const pair = defineTable("pair", {
      columns: { a: { type: "text" }, b: { type: "text" }, n: { type: "integer", default: 0 } },
      primaryKey: ["a", "b"],
    });
    const fields = z.strictObject({ a: z.string(), b: z.string() });

    expect(() =>
      defineCollection({
        name: "real",
        table: real,
        schema: z.strictObject({ at: z.number() }),
        key: "at",
      }),
    ).toThrow(/neither text nor integer/);
    expect(() =>
      defineCollection({
        name: "pair",
        table: pair,
        schema: fields,
        key: ["a", "b"],
        maintained: [{ name: "pair_n", column: "n", expression: "1" }],
      }),
    ).toThrow(/key of several columns/);
  });
});

describe("G1: a collection whose table follows from its schema", () => {
  const text = z.strictObject({ id: z.string() });

  it("has a column for each field, JSON where nothing else fits", () => {
    const { table: made } = defineCollection({
      name: "page",
      key: "id",
      version: "revision",
      schema: z.strictObject({
        id: z.string(),
        words: z.int().default(0),
        score: z.number(),
        done: z.boolean(),
        state: z.enum(["open", "closed"]),
        kind: z.literal("page"),
        note: z.string().nullable(),
        tags: z.array(z.string()),
        mixed: z.union([z.string(), z.int()]).nullable(),
      }),
    });

    expect(made).toMatchObject({
      name: "page",
      primaryKey: ["id"],
      columns: {
        id: { type: "text" },
        words: { type: "integer" },
        score: { type: "real" },
        done: { type: "boolean" },
        state: { type: "text" },
        kind: { type: "text" },
        note: { type: "text", nullable: true },
        tags: { type: "json" },
        mixed: { type: "json", nullable: true },
        revision: { type: "integer" },
      },
    });
    expect(made.columns["words"]).not.toHaveProperty("nullable");
  });

  it.each([
    ["a field that may be missing", text.extend({ note: z.string().optional() }), "nullable()"],
    ["a field that no column holds", text.extend({ at: z.date() }), "give it a table"],
  ])("refuses %s", (_name, refused, reason) => {
    expect(() => defineCollection({ name: "page", key: "id", schema: refused })).toThrow(reason);
  });

  it("keeps what is saved, whatever its form", async () => {
    await using store = await openTemporaryStore();
    const pages = defineCollection({
      name: "page",
      key: "id",
      version: "version",
      search: { title: 1 },
      schema: z.strictObject({
        id: z.string(),
        title: z.string(),
        done: z.boolean().default(false),
        mixed: z.union([z.string(), z.array(z.int())]).nullable(),
      }),
    });
    await using engine = await openEngine({ ...store, collections: [pages] });
    const page = { id: "a", title: "Oak", mixed: [1, 2] };

    await engine.collection(pages).save(page);
    await engine.collection(pages).save({ ...page, id: "b", mixed: "x" });
    await engine.collection(pages).save({ ...page, id: "c", mixed: null });

    expect(await engine.collection(pages).get("a")).toEqual({ ...page, done: false, version: 1 });
    expect((await engine.collection(pages).get("b"))?.mixed).toBe("x");
    expect((await engine.collection(pages).get("c"))?.mixed).toBeNull();
    expect(await engine.collection(pages).count({ search: "oak" })).toBe(3);
    expect((await engine.verify()).ok).toBe(true);
  });
});
