/**
 * Puts a finished database file in the place of another one.
 *
 * What has to hold at every moment, so that a crash does no harm:
 * - At the path there is the old database or the new one, never none: an opener
 *   would make an empty one. So the old file gets its second name by a link,
 *   and the new one comes by a rename.
 * - A log or journal never stands beside a file it does not belong to: SQLite
 *   would apply it. They are gone, and that is durable, before the rename.
 * - Nobody has the old file open: their changes would go to the file that was
 *   put aside.
 */
import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AtlasError } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { Handle } from "../driver.ts";
import { syncDirectory } from "../log-sync.ts";
import { busyError, type Deadline } from "../wait-while-busy.ts";
import type { HoldHost } from "./exclusive.ts";
import { holdersOf } from "./file-holders.ts";
import { refuseOwn, tryHoldAsOneFile, whenAlone, type HeldFile } from "./hold-file.ts";
import { sideFiles } from "./remove-copy.ts";

/** Names that are tried for the file that is put aside. */
const namesMax = 100;

/** What replaces what. */
export interface Replacement extends HeldFile {
  /** The finished file, in the same directory, closed and durable. */
  readonly copy: string;
  /** The time that goes into the name of the file that is put aside. */
  readonly stamp: string;
}

/** Puts `copy` at `path`; resolves with the new name of the file that was there. */
export async function replaceFile(
  host: HoldHost,
  replacement: Replacement,
  deadline: Deadline,
): Promise<string | undefined> {
  refuseOwn(replacement);
  return whenAlone({ ...host, file: replacement }, deadline, (repeat) =>
    repeat(() => replaceNow(replacement)),
  );
}

function replaceNow(replacement: Replacement): string | undefined {
  const { path, copy } = replacement;
  const hold = existsSync(path) ? holdOrDamaged(replacement) : undefined;
  try {
    const kept = putAside(replacement);
    for (const suffix of sideFiles) rmSync(`${path}${suffix}`, { force: true });
    syncDirectory(dirname(path));
    if (kept === undefined) placeNew(replacement);
    else renameSync(copy, path);
    syncDirectory(dirname(path));
    return kept;
  } finally {
    hold?.close();
  }
}

/** Undefined when the file is too damaged to be locked through SQLite. */
function holdOrDamaged(file: HeldFile): Handle | undefined {
  try {
    return tryHoldAsOneFile(file);
  } catch (error) {
    if (!AtlasError.is(error) || !isDamage(error.code)) throw error;
    if (holdersOf(file.path).length > 0) throw busyError(file.location, error);
    return undefined;
  }
}

function isDamage(code: string): boolean {
  return code === "storage.not_a_database" || code === "storage.corrupt";
}

/** Gives the old file, and what stands beside it, a second name. */
function putAside({ path, stamp }: Replacement): string | undefined {
  if (![path, ...sideFiles.map((suffix) => path + suffix)].some((name) => existsSync(name))) {
    return undefined;
  }
  for (let attempt = 1; attempt <= namesMax; attempt += 1) {
    const kept = `${path}.replaced-${stamp}${attempt === 1 ? "" : `-${attempt}`}`;
    if (["", ...sideFiles].some((suffix) => existsSync(kept + suffix))) continue;
    for (const suffix of ["", "-journal", "-wal"]) {
      if (existsSync(path + suffix)) linkSync(path + suffix, kept + suffix);
    }
    syncDirectory(dirname(path));
    return existsSync(path) ? kept : undefined;
  }
  throw storageError(
    "storage.file_exists",
    `The file at ${path} cannot be put aside: every name for ${stamp} is taken. Try again.`,
    { details: { path } },
  );
}

/** Somebody may have made a file there meanwhile, which a rename would take away. */
function placeNew({ path, copy }: Replacement): void {
  linkSync(copy, path);
  rmSync(copy);
}
