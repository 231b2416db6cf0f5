import { taskError } from "./errors.ts";
import { taskLimits } from "./limits.ts";

const segmentPattern = /^[\p{Ll}\p{Lo}\p{Lm}\p{N}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}._-]*$/u;
const idPattern = /^t-[0-9a-z]{10}$/;

/** True for what looks like an id; no segment at the top of the tree does. */
export function isTaskId(reference: string): boolean {
  return idPattern.test(reference);
}

/**
 * Checks a path and answers its segments.
 *
 * @throws {AtlasError} task.path_invalid, task.too_deep
 */
export function parsePath(path: string): readonly [string, ...string[]] {
  const segments = path.split("/");
  for (const segment of segments) checkSegment(segment, path);
  checkDepth(segments.length, path);
  if (isTaskId(path))
    throw taskError(
      "task.path_invalid",
      `The path "${path}" looks like an id. Choose a path that does not begin with t-.`,
    );
  return segments as [string, ...string[]];
}

/** The path of the task above, or null at the top. */
export function parentPathOf(path: string): string | null {
  const end = path.lastIndexOf("/");
  return end < 0 ? null : path.slice(0, end);
}

/** The path itself and every one above it. */
export function pathsUpFrom(path: string): readonly string[] {
  const ends = [...path.matchAll(/\//g)].map(({ index }) => index);
  return [...ends.map((end) => path.slice(0, end)), path];
}

/** The path of a task with this segment below `parent`. */
export function joinPath(parent: string | null, segment: string): string {
  return parent === null ? segment : `${parent}/${segment}`;
}

/**
 * SQL for what sorts a task right before everything below it. By the path
 * itself `a-b` would come between `a` and `a/c`, because `-` and `.` are smaller
 * than `/`; nothing in a path is smaller than a blank.
 */
export const treeOrder = "replace(path, '/', ' ')";

/** The value of `treeOrder`. */
export function treeKey(path: string): string {
  return path.replaceAll("/", " ");
}

/** The last segment. */
export function segmentOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** True for `top` itself and everything below it. */
export function isWithin(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

/**
 * Everything below a path lies between these two in binary order: `/` is the
 * character before `0`.
 */
export function subtreeRange(path: string): { readonly from: string; readonly to: string } {
  return { from: `${path}/`, to: `${path}0` };
}

/** A path and the number that makes it unlike its neighbours. */
export interface NumberedPath {
  readonly path: string;
  readonly number: number;
}

/**
 * The first of `base`, `base-2`, `base-3` … that is free, looked for from number
 * `first`. The steps double until a free one is met and are halved from there,
 * so that thousands of tasks of one name cost no more than a few questions.
 * Where the numbers have gaps, it may be a later free one.
 */
export async function freePath(
  base: string,
  isTaken: (path: string) => Promise<boolean>,
  first = 1,
): Promise<NumberedPath> {
  const pathOf = (number: number): string => (number === 1 ? base : numbered(base, number));
  let taken = first - 1;
  let free = first;
  for (let step = 1; await isTaken(pathOf(free)); step *= 2) {
    taken = free;
    free += step;
  }
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await isTaken(pathOf(middle))) taken = middle;
    else free = middle;
  }
  return { path: pathOf(free), number: free };
}

/** Cuts the last segment where the number would make it too long. */
function numbered(base: string, number: number): string {
  const suffix = `-${number}`;
  const segment = [...segmentOf(base)].slice(0, taskLimits.segmentLengthMax - suffix.length);
  return joinPath(parentPathOf(base), `${segment.join("")}${suffix}`);
}

/** @throws {AtlasError} task.too_deep */
export function checkDepth(depth: number, path: string): void {
  if (depth <= taskLimits.depthMax) return;
  throw taskError(
    "task.too_deep",
    `The path "${shorten(path)}" would have ${depth} levels; ${taskLimits.depthMax} are allowed. ` +
      "Put the task higher up.",
  );
}

/** Makes a segment from a name: lower case, everything else a hyphen. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFC")
    .replaceAll(/[^\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+/gu, "-")
    .replaceAll(/^[-\p{M}]+|-+$/gu, "");
  const short = [...slug].slice(0, slugLengthMax).join("").replace(/-+$/u, "");
  if (short === "") return "task";
  return isTaskId(short) ? `task-${short}` : short;
}

/** Room is left for a number that makes the segment unique. */
const slugLengthMax = 60;

function checkSegment(segment: string, path: string): void {
  if ([...segment].length <= taskLimits.segmentLengthMax && segmentPattern.test(segment)) return;
  throw taskError(
    "task.path_invalid",
    `The path "${shorten(path)}" has the segment "${shorten(segment)}". A segment begins with a ` +
      "lower-case letter or a digit, goes on with those and - _ . and has at most " +
      `${taskLimits.segmentLengthMax} characters.`,
  );
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
