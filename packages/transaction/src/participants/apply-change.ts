import { link, rename } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { isUnchanged, isSameFile } from "./file-identity.ts";
import type { FileChange } from "./file-journal.ts";
import { isMissing, lstatOrNothing, resolveInside } from "./file-path.ts";
import { removeFile } from "./stage-file.ts";

/** What became of a change. */
export type Applied =
  | { readonly outcome: "applied" | "already" }
  /** Somebody else changed the file; ours is kept beside it, unless it was a deletion. */
  | { readonly outcome: "conflict"; readonly keptAs: string | undefined };

/**
 * Lets one committed change take effect. It may have happened already, or have
 * been interrupted anywhere: as long as its staged file is there, it is not
 * complete, and the last step makes that file disappear.
 */
export async function applyChange(
  root: string,
  change: FileChange,
  batch: string,
): Promise<Applied> {
  const staged = join(root, change.staged);
  const found = await lstatOrNothing(staged);
  if (found === undefined) return { outcome: "already" };
  const target = await resolveInside(root, change.path);
  const at: Place = { target, staged, change, batch };
  if (change.kind === "delete") return remove(at);
  return change.before === undefined ? putNew(at) : replace(at, found.nlink > 1);
}

interface Place {
  readonly target: string;
  readonly staged: string;
  readonly change: FileChange;
  readonly batch: string;
}

/** Renaming one name of a file over another of the same file would do nothing. */
async function replace(at: Place, hasOtherNames: boolean): Promise<Applied> {
  const { target, staged, change } = at;
  if (hasOtherNames && (await isSameFile(target, staged))) await removeFile(staged);
  else if (await isUnchanged(target, change.before)) await rename(staged, target);
  else return keepBeside(at);
  return { outcome: "applied" };
}

/** Never replaces what has come to be there meanwhile. */
async function putNew(at: Place): Promise<Applied> {
  const { target, staged } = at;
  try {
    await link(staged, target);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    // It is ours when a crash came between the two names.
    if (code === "EEXIST" && !(await isSameFile(target, staged))) return keepBeside(at);
    if (code !== "EEXIST") return putWithoutLink(at, error);
  }
  await removeFile(staged);
  return { outcome: "applied" };
}

/** For file systems without second names. */
async function putWithoutLink(at: Place, error: unknown): Promise<Applied> {
  if (isMissing(error)) throw error;
  if (!(await isUnchanged(at.target, undefined))) return keepBeside(at);
  await rename(at.staged, at.target);
  return { outcome: "applied" };
}

async function keepBeside({ target, staged, change, batch }: Place): Promise<Applied> {
  const ending = extname(target);
  const name = `${basename(target, ending)}.conflict-${batch.slice(0, 8)}${ending}`;
  await rename(staged, join(dirname(target), name));
  const directory = dirname(change.path);
  return { outcome: "conflict", keptAs: directory === "." ? name : `${directory}/${name}` };
}

/**
 * The file is renamed over its marker, so that at no moment both are gone or
 * both are there, and what was really removed can be looked at again.
 */
async function remove({ target, staged: marker, change }: Place): Promise<Applied> {
  if (await isUnchanged(target, undefined)) {
    await removeFile(marker);
    return { outcome: "applied" };
  }
  const isOurs = await isUnchanged(target, change.before);
  if (!isOurs) {
    await removeFile(marker);
    return { outcome: "conflict", keptAs: undefined };
  }
  await rename(target, marker);
  if (await isUnchanged(marker, change.before)) {
    await removeFile(marker);
    return { outcome: "applied" };
  }
  // Somebody replaced it in this instant: what they wrote goes back.
  await link(marker, target).catch(() => undefined);
  await removeFile(marker);
  return { outcome: "conflict", keptAs: undefined };
}
