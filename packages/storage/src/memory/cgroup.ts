import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the kernel shows control groups. */
export interface CgroupPaths {
  /** Default: "/sys/fs/cgroup". */
  readonly mount: string;
  /** Lists the groups of this process. Default: "/proc/self/cgroup". */
  readonly self: string;
}

/** Limit and use of one group, in bytes. */
export interface GroupMemory {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/** The names of one version of control groups. */
interface Files {
  readonly limit: string;
  readonly used: string;
  /** In `memory.stat`: file pages the kernel drops when it needs room. */
  readonly reclaimable: string;
}

const version1: Files = {
  limit: "memory.limit_in_bytes",
  used: "memory.usage_in_bytes",
  reclaimable: "total_inactive_file",
};

const version2: Files = {
  limit: "memory.max",
  used: "memory.current",
  reclaimable: "inactive_file",
};

/** Limits from here on mean that there is none. */
const unlimited = 2 ** 60;

/**
 * The memory of the group with the tightest limit that this process is in, of
 * either version; undefined when there is no limit or no control group. A limit
 * of a group holds for the groups in it as well.
 */
export function readGroupMemory({ mount, self }: CgroupPaths): GroupMemory | undefined {
  const lines = (read(self) ?? "").split("\n").map((line) => line.split(":"));
  const places: { readonly directory: string; readonly files: Files }[] = [];
  for (const [number, controllers, ...path] of lines) {
    const group = path.join(":");
    if (controllers?.split(",").includes("memory") === true)
      places.push(...upwards(join(mount, "memory"), group, version1));
    else if (number === "0" && controllers === "") places.push(...upwards(mount, group, version2));
  }
  const limited = places.flatMap(({ directory, files }) => groupAt(directory, files) ?? []);
  return limited.toSorted((a, b) => room(a) - room(b))[0];
}

function room({ limitBytes, usedBytes }: GroupMemory): number {
  return 1 - usedBytes / limitBytes;
}

/** The group and those around it. Inside a container the outer ones cannot be seen. */
function upwards(
  root: string,
  group: string,
  files: Files,
): { readonly directory: string; readonly files: Files }[] {
  const names = group.split("/").filter((name) => name !== "" && name !== "..");
  return Array.from({ length: names.length + 1 }, (_, depth) => ({
    directory: join(root, ...names.slice(0, depth)),
    files,
  }));
}

function groupAt(directory: string, files: Files): GroupMemory | undefined {
  const limitBytes = Number.parseInt(read(join(directory, files.limit)) ?? "", 10);
  if (!(limitBytes > 0 && limitBytes < unlimited)) return undefined;
  const used = Number.parseInt(read(join(directory, files.used)) ?? "", 10);
  if (Number.isNaN(used)) return undefined;
  const stat = read(join(directory, "memory.stat")) ?? "";
  const reclaimable = new RegExp(`^${files.reclaimable} (\\d+)$`, "m").exec(stat)?.[1] ?? "0";
  return { limitBytes, usedBytes: Math.max(0, used - Number(reclaimable)) };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
