import { dirname } from "node:path";
import { claimFile } from "./application-mark.ts";
import { configure, openRaw, type DataFile } from "./data-file.ts";
import { checkSqliteVersion, type Handle } from "./driver.ts";
import { syncDirectory } from "./log-sync.ts";
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

function journalMode(handle: Handle): string {
  return String(handle.pragma("journal_mode", { simple: true }));
}

function switchToLog(file: DataFile, handle: Handle): void {
  // FULL for this one change: SQLite then syncs the new file itself.
  handle.pragma("synchronous = full");
  if (String(handle.pragma("journal_mode = wal", { simple: true })) !== "wal") {
    throw busyError(file.location);
  }
  syncDirectory(dirname(file.path));
}
