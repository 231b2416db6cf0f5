import { availableParallelism, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** How much of the machine is in use, as shares from 0 to 1. */
export interface SystemReadings {
  /** Of the memory that this process may use. */
  memory(): number;
  /** Of the processor, since the last reading. */
  cpu(): number;
}

/**
 * Reads this process: of memory the fuller one of the V8 heap and of what the
 * system or its container allows; of the processor the busier one of this
 * thread's event loop and of all cores.
 *
 * @param clock milliseconds that only ever grow
 */
export function createSystemReadings(
  clock: () => number = performance.now.bind(performance),
): SystemReadings {
  const allowed = process.constrainedMemory();
  // Without a limit Node answers with a number beyond any memory.
  const memoryBytes = allowed > 0 && allowed < totalmem() ? allowed : totalmem();
  const cores = availableParallelism();
  let cpu = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  let at = clock();
  return {
    memory: () => {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      return Math.max(used / limit, process.memoryUsage.rss() / memoryBytes);
    },
    cpu: () => {
      const now = clock();
      const spent = process.cpuUsage(cpu);
      const turned = performance.eventLoopUtilization();
      const busy = performance.eventLoopUtilization(turned, loop).utilization;
      const spentMs = (spent.user + spent.system) / 1_000;
      const share = now > at ? spentMs / (now - at) / cores : 0;
      cpu = process.cpuUsage();
      loop = turned;
      at = now;
      return Math.min(1, Math.max(share, busy));
    },
  };
}
