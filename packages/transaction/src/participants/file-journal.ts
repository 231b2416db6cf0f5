/**
 * The journal says which changes of files belong to transactions that are
 * committed: its rows are written in the same COMMIT. A change is done when its
 * staged file is gone, so rows may stay for a while after it.
 */
import {
  type Connection,
  createMissingTables,
  type Database,
  defineTable,
  deleteFrom,
  from,
  insertInto,
  param,
  type Query,
  type RowOf,
  type RunResult,
  type Table,
  updateTable,
} from "@atlas/storage";
import { conflictsTable } from "./file-conflicts.ts";
import type { FileIdentity } from "./file-identity.ts";

const columns = {
  id: { type: "integer", increments: true },
  store: { type: "text" },
  owner: { type: "text" },
  batch: { type: "text" },
  path: { type: "text" },
  kind: { type: "text" },
  staged: { type: "text" },
  before: { type: "text", nullable: true },
  created_at: { type: "integer" },
} as const;

const journalTable: Table<typeof columns, "atlas_file_journal"> = defineTable(
  "atlas_file_journal",
  { columns, primaryKey: ["id"] },
);

/** One change of one file. */
export interface FileChange {
  readonly path: string;
  readonly kind: "put" | "delete";
  /** What is to be put there, or for a deletion an empty file; relative to the directory. */
  readonly staged: string;
  /** What was there. */
  readonly before: FileIdentity | undefined;
}

/** A change of a committed transaction. */
export interface JournalEntry extends FileChange {
  readonly owner: string;
  readonly batch: string;
  readonly createdAt: number;
}

const insertEntry = insertInto(journalTable)
  .columns("store", "owner", "batch", "path", "kind", "staged", "before", "created_at")
  .build();
const entries = from(journalTable)
  .select("owner", "batch", "path", "kind", "staged", "before", "created_at")
  .where("store", "eq", param("store"))
  .orderBy("id");
const allEntries = entries.build();
const entriesOfOthers = entries.where("owner", "neq", param("owner")).build();
const takeBatch = updateTable(journalTable)
  .set({ owner: param("owner") })
  .where("batch", "eq", param("batch"))
  .build();
const forgetBatch = deleteFrom(journalTable).where("batch", "eq", param("batch")).build();

/** Makes the tables; safe to call again and in several processes. */
export async function createJournal(
  connection: Connection,
  dialect: Database["dialect"],
): Promise<void> {
  await createMissingTables(connection, dialect, { tables: [journalTable, conflictsTable] });
}

/** Writes a row for each change, in their order. */
export function addEntries(
  connection: Connection,
  changes: readonly FileChange[],
  shared: Omit<JournalEntry, keyof FileChange> & { readonly store: string },
): Promise<RunResult> {
  const { store, owner, batch, createdAt } = shared;
  return connection.runMany(
    insertEntry,
    changes.map(({ path, kind, staged, before }) => ({
      store,
      owner,
      batch,
      path,
      kind,
      staged,
      before: before === undefined ? null : JSON.stringify(before),
      created_at: createdAt,
    })),
  );
}

/** In the order of the commits. */
export async function readEntries(
  connection: Pick<Connection, "all">,
  store: string,
): Promise<readonly JournalEntry[]> {
  return (await connection.all(allEntries, { store })).map(entryOf);
}

/** Those that another process has, or had, to apply. */
export async function readEntriesOfOthers(
  connection: Pick<Connection, "all">,
  store: string,
  owner: string,
): Promise<readonly JournalEntry[]> {
  return (await connection.all(entriesOfOthers, { store, owner })).map(entryOf);
}

function entryOf(row: Omit<RowOf<typeof journalTable>, "id" | "store">): JournalEntry {
  const { owner, batch, path, kind, staged, before, created_at: createdAt } = row;
  return {
    owner,
    batch,
    path,
    kind: kind === "delete" ? "delete" : "put",
    staged,
    // Written by `addEntries` and by nobody else.
    before: before === null ? undefined : (JSON.parse(before) as FileIdentity),
    createdAt,
  };
}

/** Takes over the rows of one transaction for another owner, and forgets them. */
export const batchQueries: {
  readonly take: Query<unknown, { readonly owner: string; readonly batch: string }>;
  readonly forget: Query<unknown, { readonly batch: string }>;
} = { take: takeBatch, forget: forgetBatch };
