/**
 * The list of committed changes that met a change of somebody else. An entry is
 * durable before anything of the conflict is done to the files, so a crash in
 * between leaves one entry and no silence; it stays until a person settles it.
 */
import {
  type Connection,
  defineTable,
  deleteFrom,
  param,
  type Reader,
  type RowOf,
  sqlQuery,
  type Table,
} from "@atlas/storage";
import { ownPrefix } from "./file-path.ts";
import type { FileChange } from "./file-journal.ts";

/** A committed change that somebody else's change kept from its place. */
export interface FileConflict {
  /** Grows from entry to entry. */
  readonly id: number;
  readonly path: string;
  /** Whether the transaction was to put a file there or to remove it. */
  readonly kind: FileChange["kind"];
  /**
   * Where the version is that is not at `path`; undefined when there is none,
   * because the file was to be removed. It may be in a directory that is gone
   * at the moment: then it is found there under this name when that is back.
   */
  readonly keptAs: string | undefined;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

/** Which conflicts are wanted. */
export interface FileConflictPage {
  /** Only those after this id: the next page. */
  readonly after?: number;
  /** 1 to 10,000. Default: 100. */
  readonly limit?: number;
}

/** A conflict of a change, as it was decided. @internal */
export type KeptConflict = Pick<FileConflict, "keptAs">;

const columns = {
  id: { type: "integer", increments: true },
  store: { type: "text" },
  batch: { type: "text" },
  path: { type: "text" },
  kind: { type: "text" },
  kept_as: { type: "text", nullable: true },
  created_at: { type: "integer" },
} as const;

type ConflictRow = RowOf<typeof conflictsTable>;

/** @internal */
export const conflictsTable: Table<typeof columns, "atlas_file_conflicts"> = defineTable(
  "atlas_file_conflicts",
  { columns, primaryKey: ["id"], unique: [["batch", "path"]] },
);

/** Decided again when somebody took the name that it was to be kept under. */
const insertOrRename = sqlQuery<never, Omit<ConflictRow, "id">>(
  `INSERT INTO atlas_file_conflicts (store, batch, path, kind, kept_as, created_at)
   VALUES (:store, :batch, :path, :kind, :kept_as, :created_at)
   ON CONFLICT (batch, path) DO UPDATE SET kept_as = excluded.kept_as`,
);
const selectPage = sqlQuery<ConflictRow, { store: string; after: number; limit: number }>(
  `SELECT * FROM atlas_file_conflicts WHERE store = :store AND id > :after
   ORDER BY id LIMIT :limit`,
);
const countAll = sqlQuery<{ number: number }, { store: string }>(
  "SELECT count(*) AS number FROM atlas_file_conflicts WHERE store = :store",
);
const selectStaged = sqlQuery<{ kept_as: string }, { store: string; pattern: string }>(
  "SELECT kept_as FROM atlas_file_conflicts WHERE store = :store AND kept_as LIKE :pattern",
);
const selectOfListed = sqlQuery<Pick<ConflictRow, "batch" | "path" | "kept_as">, { store: string }>(
  `SELECT batch, path, kept_as FROM atlas_file_conflicts
   WHERE batch IN (SELECT batch FROM atlas_file_journal WHERE store = :store)`,
);
const deleteOne = deleteFrom(conflictsTable)
  .where("store", "eq", param("store"))
  .where("id", "eq", param("id"))
  .build();

/** Writes down a conflict, or under which other name it is kept. @internal */
export async function recordConflict(
  connection: Connection,
  { store, batch }: { readonly store: string; readonly batch: string },
  { path, kind, keptAs, at }: Omit<FileConflict, "id">,
): Promise<void> {
  const kept_as = keptAs ?? null;
  await connection.run(insertOrRename, { store, batch, path, kind, kept_as, created_at: at });
}

/** @internal */
export async function listConflicts(
  reader: Reader,
  store: string,
  { after = 0, limit = 100 }: FileConflictPage,
): Promise<readonly FileConflict[]> {
  const rows = await reader.all(selectPage, { store, after, limit });
  return rows.map(({ id, path, kind, kept_as, created_at }) => ({
    id,
    path,
    kind: kind === "delete" ? "delete" : "put",
    keptAs: kept_as ?? undefined,
    at: created_at,
  }));
}

/** @internal */
export async function countConflicts(reader: Reader, store: string): Promise<number> {
  return (await reader.get(countAll, { store }))?.number ?? 0;
}

/** By batch and path: of transactions that the journal still lists. @internal */
export async function conflictsOfListed(
  reader: Reader,
  store: string,
): Promise<Map<string, Map<string, KeptConflict>>> {
  const found = new Map<string, Map<string, KeptConflict>>();
  for (const { batch, path, kept_as } of await reader.all(selectOfListed, { store })) {
    const ofBatch = found.get(batch) ?? new Map<string, KeptConflict>();
    found.set(batch, ofBatch.set(path, { keptAs: kept_as ?? undefined }));
  }
  return found;
}

/** Staged files that are kept where they are, because their directories were gone. @internal */
export async function stagedConflicts(reader: Reader, store: string): Promise<readonly string[]> {
  const rows = await reader.all(selectStaged, { store, pattern: `%${ownPrefix}%` });
  return rows.map(({ kept_as }) => kept_as);
}

/** True when it was there. @internal */
export async function deleteConflict(
  connection: Connection,
  conflict: { readonly store: string; readonly id: number },
): Promise<boolean> {
  return (await connection.run(deleteOne, conflict)).changes > 0;
}
