import {
  from,
  insertInto,
  type JsonColumn,
  param,
  type Query,
  type RowOf,
  type Table,
  defineTable,
} from "@atlas/storage";
import type { IndexDeclaration } from "@atlas/indexing";
import type { ChangeImage } from "./change-log.ts";

const columns = {
  // Numbers are given inside the writer's transaction and never again, so they grow in the
  // order of commits.
  sequence: { type: "integer", increments: true },
  change_set: { type: "text" },
  collection: { type: "text" },
  key: { type: "text" },
  kind: { type: "text" },
  before: { type: "json", nullable: true } as JsonColumn<ChangeImage> & { readonly nullable: true },
  after: { type: "json", nullable: true } as JsonColumn<ChangeImage> & { readonly nullable: true },
  actor: { type: "text", nullable: true },
  reason: { type: "text", nullable: true },
  at: { type: "integer" },
} as const;

/** The change log. */
export const changeTable: Table<typeof columns> = defineTable("atlas_change", {
  columns,
  primaryKey: ["sequence"],
});

/** Histories of single records are read through this. */
export const changeIndex: IndexDeclaration = {
  kind: "secondary",
  name: "atlas_change_history",
  table: changeTable.name,
  on: ["collection", "key", "sequence"],
};

/** A row of the change log. */
export type ChangeRow = RowOf<typeof changeTable>;

const everything = from(changeTable).select(
  "sequence",
  "change_set",
  "collection",
  "key",
  "kind",
  "before",
  "after",
  "actor",
  "reason",
  "at",
);

/** Adds one entry. */
export const insertChange: Query<never, Omit<ChangeRow, "sequence">> = insertInto(changeTable)
  .columns("change_set", "collection", "key", "kind", "before", "after", "actor", "reason", "at")
  .build();

/** Entries above a sequence number, oldest first. */
export const selectSince: Query<ChangeRow, { readonly sequence: number; readonly limit: number }> =
  everything
    .where("sequence", "gt", param("sequence"))
    .orderBy("sequence")
    .limit(param("limit"))
    .build();

/** Entries of one record below a sequence number, newest first. */
export const selectHistory: Query<
  ChangeRow,
  {
    readonly collection: string;
    readonly key: string;
    readonly sequence: number;
    readonly limit: number;
  }
> = everything
  .where("collection", "eq", param("collection"))
  .where("key", "eq", param("key"))
  .where("sequence", "lt", param("sequence"))
  .orderBy("sequence", "desc")
  .limit(param("limit"))
  .build();
