import { statSync } from "node:fs";
import { storageError } from "../errors.ts";
import { busyWaitOf, openRaw, type DataFile } from "./data-file.ts";
import type { Handle } from "./driver.ts";
import { translateError } from "./translate-error.ts";
import { waitWhileBusy, type Deadline } from "./wait-while-busy.ts";

/**
 * Looks at an existing file before anything may change it. The handle is
 * read-only: closing a writing one could copy a foreign log into its file.
 *
 * @throws {AtlasError} storage.not_a_database, storage.foreign_file
 */
export async function probeFile(file: DataFile, deadline: Deadline): Promise<void> {
  const size = statSync(file.path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return;
  await waitWhileBusy(busyWaitOf(file), deadline, () => {
    try {
      look(file, "reader");
    } catch (cause) {
      if (!needsRollback(cause)) throw cause;
      // A process ended while it made the file, before there was a log. What it
      // began is undone by the first look of a handle that may write.
      look(file, "writer");
    }
  });
}

function look(file: DataFile, kind: "reader" | "writer"): void {
  const handle = openRaw(file, kind);
  try {
    refuseForeign(file, handle);
  } catch (cause) {
    throw translateError(cause, { during: "open", location: file.location });
  } finally {
    handle.close();
  }
}

function needsRollback(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "SQLITE_READONLY_ROLLBACK";
}

/** Stamps an empty file as one of this program, under the write lock. */
export function claimFile(file: DataFile, handle: Handle): void {
  const { applicationId } = file.settings;
  if (applicationId === undefined || markOf(handle) === applicationId) return;
  handle.pragma("synchronous = full");
  handle.exec("begin immediate");
  try {
    // Somebody else may have filled it since it was looked at.
    refuseForeign(file, handle);
    handle.pragma(`application_id = ${applicationId}`);
    handle.exec("commit");
  } finally {
    if (handle.inTransaction) handle.exec("rollback");
  }
}

function refuseForeign(file: DataFile, handle: Handle): void {
  const { applicationId } = file.settings;
  // Also the first read: a file that is no database fails here.
  const mark = markOf(handle);
  const tables = Number(handle.prepare("select count(*) from sqlite_schema").pluck().get());
  if (applicationId === undefined || mark === applicationId) return;
  if (mark === 0 && tables === 0) return;
  throw storageError(
    "storage.foreign_file",
    `${file.location} is a data file of another program and was not touched. Choose another path.`,
    { details: { location: file.location, applicationId: mark, expected: applicationId } },
  );
}

function markOf(handle: Handle): number {
  return Number(handle.pragma("application_id", { simple: true }));
}
