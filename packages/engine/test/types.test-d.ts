import { defineCollection, type UnifiedStorageEngine } from "@atlas/engine";
import { defineTable, type JsonColumn } from "@atlas/storage";
import { z } from "zod";

const table = defineTable("note", {
  columns: {
    id: { type: "text" },
    title: { type: "text" },
    state: { type: "text" },
    parent_id: { type: "text", nullable: true },
    tags: { type: "json" } as JsonColumn<string[]>,
    version: { type: "integer" },
    children: { type: "integer", default: 0 },
  },
  primaryKey: ["id"],
});

const schema = z.strictObject({
  id: z.string(),
  title: z.string(),
  state: z.enum(["open", "done"]),
  parent_id: z.string().nullable().default(null),
  tags: z.array(z.string()).default([]),
});

const notes = defineCollection({
  name: "note",
  table,
  schema,
  key: "id",
  version: "version",
  maintained: [{ name: "note_children", column: "children", expression: "SELECT 1" }],
});

declare const engine: UnifiedStorageEngine;
const collection = engine.collection(notes);

const stored = await collection.get("a");
if (stored !== undefined) {
  const state: "open" | "done" = stored.state;
  const version: number = stored.version;
  const children: number = stored.children;
  const tags: readonly string[] = stored.tags;
  void [state, version, children, tags];
  // What was read can be saved again, whatever of it the engine owns.
  await collection.save({ ...stored, title: "b" });
}
await collection.save({ id: "a", title: "x", state: "open" });
await collection.query({ where: { state: "open", version: { gte: 2 } }, orderBy: ["title"] });

// @ts-expect-error a state the schema does not know
await collection.save({ id: "a", title: "x", state: "lost" });
// @ts-expect-error a field the record does not have
await collection.query({ where: { nothing: 1 } });
// @ts-expect-error the key is text
await collection.get(1);

const edges = defineCollection({
  name: "edge",
  table: defineTable("edge", {
    columns: { from_id: { type: "text" }, to_id: { type: "text" } },
    primaryKey: ["from_id", "to_id"],
  }),
  schema: z.strictObject({ from_id: z.string(), to_id: z.string() }),
  key: ["from_id", "to_id"],
});
await engine.collection(edges).get({ from_id: "a", to_id: "b" });
// @ts-expect-error both parts of the key are needed
await engine.collection(edges).get({ from_id: "a" });
defineCollection({
  name: "wrong",
  table,
  // @ts-expect-error the column title holds text
  schema: z.strictObject({ id: z.string(), title: z.number() }),
  key: "id",
});

const simple = defineCollection({
  name: "page",
  schema: z.strictObject({ id: z.string(), words: z.int().default(0), tags: z.array(z.string()) }),
  key: "id",
  version: "version",
  search: { id: 1 },
});
const pages = engine.collection(simple);
const page = await pages.get("a");
if (page !== undefined) {
  const [words, tags, version]: [number, readonly string[], number] = [
    page.words,
    page.tags,
    page.version,
  ];
  void [words, tags, version];
  await pages.save({ ...page, words: 2 });
}
await pages.saveAll([{ id: "a", tags: [] }], { strategy: "adaptive", job: "pages" });
// @ts-expect-error the key is text
await pages.get(1);
// @ts-expect-error a key that is no field
defineCollection({ name: "page", schema, key: "nothing" });
// @ts-expect-error a weight for what is no field
defineCollection({ name: "page", schema, key: "id", search: { nothing: 1 } });
