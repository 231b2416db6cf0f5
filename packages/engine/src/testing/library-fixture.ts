import {
  defineCollection,
  type Collection,
  type CollectionDefinition,
  type RuleContext,
  type UnifiedStorageEngine,
} from "@atlas/engine";
import { defineTable, type JsonColumn, sqlQuery } from "@atlas/storage";
import { type BusinessRule, defineRule } from "@atlas/validation";
import { z } from "zod";
import type { EngineRuleSubject, EngineStore } from "./engine-rule.ts";

/** A book as it is saved. */
export interface BookInput {
  readonly id: string;
  readonly title: string;
  readonly shelf_id?: string | null;
  readonly pages?: number | null;
  readonly lent?: boolean;
  readonly tags?: readonly string[];
}

/** A book as it is stored. */
export interface Book {
  readonly id: string;
  readonly title: string;
  readonly shelf_id: string | null;
  readonly pages: number | null;
  readonly lent: boolean;
  readonly tags: readonly string[];
  readonly version: number;
}

/** A shelf as it is saved. */
export interface ShelfInput {
  readonly id: string;
  readonly name: string;
}

/** A shelf as it is stored. */
export interface Shelf {
  readonly id: string;
  readonly name: string;
  readonly books: number;
}

type BookFields = Omit<Book, "version">;

const selectShelves = sqlQuery("SELECT id FROM shelf");

const shelfExists: BusinessRule<BookFields, RuleContext<Book>> = defineRule<
  BookFields,
  RuleContext<Book>,
  ReadonlySet<unknown>
>({
  code: "book.shelf_missing",
  message: "The shelf does not exist.",
  fields: ["shelf_id"],
  load: async (_books, { connection }) => {
    const rows = await connection.all(selectShelves);
    return new Set(rows.map((row) => row["id"]));
  },
  check: ({ shelf_id }, known) => shelf_id === null || known.has(shelf_id),
});

/** Books with every kind of column, a version, a search, an index and a rule that reads. */
export const books: CollectionDefinition<Book, BookInput, string> = defineCollection({
  name: "book",
  table: defineTable("book", {
    columns: {
      id: { type: "text" },
      title: { type: "text" },
      shelf_id: { type: "text", nullable: true },
      pages: { type: "integer", nullable: true },
      lent: { type: "boolean" },
      tags: { type: "json" } as JsonColumn<readonly string[]>,
      version: { type: "integer" },
    },
    primaryKey: ["id"],
  }),
  schema: z.strictObject({
    id: z.string().min(1),
    title: z.string().min(1),
    shelf_id: z.string().nullable().default(null),
    pages: z.int().positive().nullable().default(null),
    lent: z.boolean().default(false),
    tags: z.array(z.string()).readonly().default([]),
  }),
  key: "id",
  version: "version",
  indexes: [{ kind: "secondary", name: "book_shelf", on: ["shelf_id"] }],
  search: { title: 1 },
  rules: [shelfExists],
});

/** Shelves that know how many books stand on them. */
export const shelves: CollectionDefinition<Shelf, ShelfInput, string> = defineCollection({
  name: "shelf",
  table: defineTable("shelf", {
    columns: {
      id: { type: "text" },
      name: { type: "text" },
      books: { type: "integer", default: 0 },
    },
    primaryKey: ["id"],
  }),
  schema: z.strictObject({ id: z.string(), name: z.string() }),
  key: "id",
  maintained: [
    {
      name: "shelf_books",
      column: "books",
      expression: "SELECT count(*) FROM book WHERE book.shelf_id = self.id",
      affectedBy: [{ table: "book", columns: ["shelf_id"], via: "shelf_id" }],
    },
  ],
});

/** Which book refers to which: a key of two columns, without history. */
export interface Reference {
  readonly from_id: string;
  readonly to_id: string;
}

/** References between books. */
export const references: CollectionDefinition<Reference, Reference, Reference> = defineCollection({
  name: "reference",
  table: defineTable("reference", {
    columns: { from_id: { type: "text" }, to_id: { type: "text" } },
    primaryKey: ["from_id", "to_id"],
  }),
  schema: z.strictObject({ from_id: z.string(), to_id: z.string() }),
  key: ["from_id", "to_id"],
  tracked: false,
});

/** An engine over an empty library. */
export interface Library extends EngineStore {
  readonly engine: UnifiedStorageEngine;
  readonly books: Collection<Book, BookInput, string>;
  readonly shelves: Collection<Shelf, ShelfInput, string>;
  readonly references: Collection<Reference, Reference, Reference>;
}

/** Opens an engine with the library's collections; time stands still, names are counted. */
export async function openLibrary({ openEngine, openStore }: EngineRuleSubject): Promise<Library> {
  const store = await openStore();
  let sets = 0;
  const engine = await openEngine({
    ...store,
    collections: [books, shelves, references],
    clock: () => 1_000,
    createId: () => `set${(sets += 1)}`,
  });
  return {
    ...store,
    engine,
    books: engine.collection(books),
    shelves: engine.collection(shelves),
    references: engine.collection(references),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await store[Symbol.asyncDispose]();
    },
  };
}
