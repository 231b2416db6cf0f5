import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { transactionError } from "../errors.ts";

/** Files with this at the beginning of their name belong to the store. */
export const ownPrefix = ".atlas-";

const pathLengthMax = 1_024;
const nameLengthMax = 200;

/**
 * Checks that a path has one spelling and stays inside: relative, names
 * divided by `/`, none of them empty, `.` or `..`.
 *
 * @throws {AtlasError} transaction.file_path_refused
 */
export function checkPath(path: string): void {
  if (typeof path !== "string" || path === "" || path.length > pathLengthMax)
    throw refused(path, `is empty or longer than ${pathLengthMax} characters`);
  if (/[\0\\]/.test(path)) throw refused(path, "holds a character that cannot stand in a path");
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === "..")
      throw refused(path, "is not a plain relative path");
    if (name.length > nameLengthMax) throw refused(path, "holds a name that is too long");
    if (name.startsWith(ownPrefix)) throw refused(path, "holds a name that belongs to the store");
  }
  if (/^[A-Za-z]:/.test(path)) throw refused(path, "is not relative");
}

/**
 * The absolute path, when none of the directories on the way is a link: a link
 * may lead out of the store, today or tomorrow.
 *
 * @throws {AtlasError} transaction.file_path_refused
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const names = dirname(path).split("/");
  let directory = root;
  for (const name of names[0] === "." ? [] : names) {
    directory = join(directory, name);
    const found = await lstatOrNothing(directory);
    if (found === undefined) break;
    if (!found.isDirectory()) throw refused(path, "leads through something that is no directory");
  }
  return join(root, path);
}

/** What is at a path itself, be it a link. */
export async function lstatOrNothing(
  path: string,
): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True when there is no such file, or no directory where one was expected. */
export function isMissing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The error of a path that a store does not touch. */
export function refused(path: string, why: string): Error {
  return transactionError(
    "transaction.file_path_refused",
    `The path "${String(path).slice(0, nameLengthMax)}" ${why}. Use a relative path to a file ` +
      "below the directory of the store, without links on the way.",
    { details: { path } },
  );
}
