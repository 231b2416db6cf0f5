import { link, rename } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { KeptConflict } from "./file-conflicts.ts";
import { deviceOf, type FileIdentity, isSameFile, isUnchanged } from "./file-identity.ts";
import type { FileChange } from "./file-journal.ts";
import { isMissing, lstatOrNothing, resolveInside } from "./file-path.ts";
import { removeFile } from "./stage-file.ts";

/** What became of a change. */
export type Applied =
  | { readonly outcome: "applied" | "already" }
  /** Somebody else changed the file, or took its directory away. */
  | ({ readonly outcome: "conflict" } & KeptConflict);

/** The conflict that a change is in, or may come into. */
export interface ChangeConflict {
  /** Of the transaction; makes names of files that are kept. */
  readonly batch: string;
  /** What was decided before a crash, and is not decided anew. */
  readonly known: KeptConflict | undefined;
  /** Writes the decision down. It is durable before anything is done to the files. */
  readonly record: (conflict: KeptConflict) => Promise<void>;
}

/**
 * Lets one committed change take effect. It may have happened already, or have
 * been interrupted anywhere: as long as its staged file is there, it is not
 * complete, and the last step makes that file disappear.
 */
export async function applyChange(
  root: string,
  change: FileChange,
  conflict: ChangeConflict,
): Promise<Applied> {
  const staged = join(root, change.staged);
  const device = await deviceOf(staged);
  if (device === undefined) return withoutStaged(root, change, conflict);
  const target = await resolveInside(root, change.path);
  // The number of a device may change when the machine starts again, and both are in one directory.
  const before = change.before && { ...change.before, device };
  const at: Place = { root, target, staged, before, change, conflict };
  if (change.kind === "delete") return remove(at);
  if (conflict.known !== undefined) return keepBeside(at);
  return before === undefined ? putNew(at) : replace(at, before);
}

interface Place {
  readonly root: string;
  readonly target: string;
  readonly staged: string;
  readonly before: FileIdentity | undefined;
  readonly change: FileChange;
  readonly conflict: ChangeConflict;
}

/**
 * It is complete, unless the directory went away with it: then nobody can tell,
 * and what was to be written is in that directory, wherever it is. What was to
 * be removed from it is not there any more, which is all that was asked for.
 */
async function withoutStaged(
  root: string,
  change: FileChange,
  conflict: ChangeConflict,
): Promise<Applied> {
  const directory = await lstatOrNothing(dirname(join(root, change.staged)));
  const isComplete = directory !== undefined || change.kind === "delete";
  return isComplete || conflict.known !== undefined
    ? { outcome: "already" }
    : decide(conflict, change.staged);
}

async function decide({ record }: ChangeConflict, keptAs: string | undefined): Promise<Applied> {
  await record({ keptAs });
  return { outcome: "conflict", keptAs };
}

/** Renaming one name of a file over another of the same file would do nothing. */
async function replace(at: Place, before: FileIdentity): Promise<Applied> {
  const { target, staged } = at;
  if (await isSameFile(target, staged)) await removeFile(staged);
  else if (await isUnchanged(target, before)) await rename(staged, target);
  else return keepBeside(at);
  return { outcome: "applied" };
}

async function putNew(at: Place): Promise<Applied> {
  return (await placeNew(at.staged, at.target)) ? { outcome: "applied" } : keepBeside(at);
}

/** Gives a file its name unless something else has it; never replaces what came there meanwhile. */
async function placeNew(staged: string, target: string): Promise<boolean> {
  try {
    await link(staged, target);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== "EEXIST") return placeWithoutLink(staged, target, error);
    // It is ours when a crash came between the two names.
    if (!(await isSameFile(target, staged))) return false;
  }
  await removeFile(staged);
  return true;
}

/** For file systems without second names. */
async function placeWithoutLink(staged: string, target: string, error: unknown): Promise<boolean> {
  if (isMissing(error)) throw error;
  if (!(await isUnchanged(target, undefined))) return false;
  await rename(staged, target);
  return true;
}

async function keepBeside({ root, target, staged, conflict, change }: Place): Promise<Applied> {
  let keptAs = conflict.known?.keptAs;
  if (keptAs === undefined || (await lstatOrNothing(join(root, keptAs))) !== undefined) {
    const name = await freeName(target, conflict.batch);
    const directory = dirname(change.path);
    keptAs = directory === "." ? name : `${directory}/${name}`;
    await conflict.record({ keptAs });
  }
  await rename(staged, join(root, keptAs));
  return { outcome: "conflict", keptAs };
}

/** What file systems allow, less the room for a number. */
const nameBytesMax = 240;

/** A name beside `target` that nothing has: `notes.conflict-1a2b3c4d.txt`. */
async function freeName(target: string, batch: string): Promise<string> {
  const ending = shortened(extname(target), nameBytesMax / 4);
  const mark = `.conflict-${batch.slice(0, 8)}`;
  const room = nameBytesMax - Buffer.byteLength(mark + ending);
  const start = `${shortened(basename(target, extname(target)), room)}${mark}`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${start}${ending}` : `${start}-${number}${ending}`;
    if ((await lstatOrNothing(join(dirname(target), name))) === undefined) return name;
  }
}

/** The longest beginning of a text that takes at most so many bytes. */
function shortened(text: string, bytesMax: number): string {
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) return kept;
    kept += character;
  }
  return kept;
}

/**
 * The file is renamed over its marker, so that at no moment both are gone or
 * both are there, and what was really removed can be looked at again.
 */
async function remove(at: Place): Promise<Applied> {
  const { target, staged: marker, before, conflict } = at;
  if (await isEmpty(marker)) {
    const isGone = await isUnchanged(target, undefined);
    const isOurs = conflict.known === undefined && (await isUnchanged(target, before));
    if (isGone || !isOurs) {
      const ended: Applied = isGone ? { outcome: "applied" } : await decide(conflict, undefined);
      await removeFile(marker);
      return ended;
    }
    await rename(target, marker);
  }
  // Somebody may have replaced it in the instant between the look and the renaming.
  if (!(await isUnchanged(marker, before))) return giveBack(at);
  await removeFile(marker);
  return { outcome: "applied" };
}

/** What the marker holds was written by somebody else and not to be removed. */
async function giveBack(at: Place): Promise<Applied> {
  const { target, staged: marker, conflict } = at;
  if (conflict.known?.keptAs !== undefined) return keepBeside(at);
  const refused = await decide(conflict, undefined);
  return (await placeNew(marker, target)) ? refused : keepBeside(at);
}

async function isEmpty(path: string): Promise<boolean> {
  return (await lstatOrNothing(path))?.size === 0;
}
