import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { type CgroupPaths, readGroupMemory } from "./cgroup.ts";
import type { MemoryReading } from "./memory-manager.ts";

/** Where the kernel shows control groups on every Linux. */
const cgroupPaths: CgroupPaths = { mount: "/sys/fs/cgroup", self: "/proc/self/cgroup" };

/** Looks at this process, at its control group and at the machine. */
export function readMemory(paths: CgroupPaths = cgroupPaths): MemoryReading {
  const { rss, heapUsed } = process.memoryUsage();
  const group = readGroupMemory(paths);
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    machineBytes: totalmem(),
    ...(group === undefined ? {} : { group }),
  };
}

/** The largest part of any limit that is used. */
export function usedPart(reading: MemoryReading): number {
  const { residentBytes, machineBytes, heapUsedBytes, heapLimitBytes, group } = reading;
  return Math.max(
    residentBytes / machineBytes,
    heapUsedBytes / heapLimitBytes,
    group === undefined ? 0 : group.usedBytes / group.limitBytes,
  );
}
