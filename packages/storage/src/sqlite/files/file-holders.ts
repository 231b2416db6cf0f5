import { readFileSync, statSync } from "node:fs";

/**
 * The processes that hold a lock on a file, which those that have a database
 * with a log open always do. Only Linux tells; elsewhere, and for processes
 * that this one may not see, the list is empty, so it is no proof of absence.
 */
export function holdersOf(path: string): readonly number[] {
  if (process.platform !== "linux") return [];
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return parseLocks(readFileSync("/proc/locks", "utf8"), nameOf(dev, ino));
  } catch {
    return [];
  }
}

/** Lines are `1: POSIX ADVISORY READ <process> <device>:<inode> <first> <last>`. */
function parseLocks(text: string, file: string): readonly number[] {
  const holders = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    // Those who wait for a lock have `->` in the second place.
    .filter((words) => words[1] === "POSIX" && words[5] === file)
    .map((words) => Number(words[4]))
    .filter((holder) => holder > 0);
  return [...new Set(holders)];
}

/** Major and minor number of the device in two hexadecimal digits or more, then the inode. */
function nameOf(dev: bigint, ino: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return `${hex(major)}:${hex(minor)}:${ino}`;
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, "0");
}
