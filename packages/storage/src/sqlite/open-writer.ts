import { dirname } from "node:path";
import { claimFile } from "./application-mark.ts";
import { configure, openRaw, type DataFile } from "./data-file.ts";
import { checkSqliteVersion, type Handle } from "./driver.ts";
import { syncDirectory } from "./log-sync.ts";
import { settingRefused } from "./pragmas.ts";
import { translateError } from "./translate-error.ts";
import { busyError } from "./wait-while-busy.ts";

/** The handle that writes; brings a new file into the form it has from then on. */
export function openWriter(file: DataFile): Handle {
  const handle = openRaw(file, "writer");
  try {
    checkSqliteVersion(String(handle.prepare("select sqlite_version()").pluck().get()));
    if (journalMode(handle) !== "wal") switchToLog(file, handle);
    claimFile(file, handle);
    return configure(file, handle, "writer");
  } catch (cause) {
    handle.close();
    throw translateError(cause, { during: "open", location: file.location });
  }
}

/** Only where there are no pages yet: later it would wait for a VACUUM, and the log forbids it. */
function setPageSize({ settings }: DataFile, handle: Handle): void {
  const isEmpty = (): boolean => handle.pragma("page_count", { simple: true }) === 0;
  if (!isEmpty()) return;
  handle.pragma(`page_size = ${settings.pageSizeBytes}`);
  const actual = Number(handle.pragma("page_size", { simple: true }));
  // Another process may have made the file in between; then its size holds.
  if (actual !== settings.pageSizeBytes && isEmpty())
    throw settingRefused("page_size", settings.pageSizeBytes, actual);
}

function journalMode(handle: Handle): string {
  return String(handle.pragma("journal_mode", { simple: true }));
}

function switchToLog(file: DataFile, handle: Handle): void {
  // FULL for this one change: SQLite then syncs the new file itself.
  handle.pragma("synchronous = full");
  setPageSize(file, handle);
  if (String(handle.pragma("journal_mode = wal", { simple: true })) !== "wal") {
    throw busyError(file.location);
  }
  syncDirectory(dirname(file.path));
}
