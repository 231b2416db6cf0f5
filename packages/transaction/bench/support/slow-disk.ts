import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * Runs this program again with every sync of the process, on both sides of the
 * comparison, taking `syncMs` longer. False where that cannot be done: it needs
 * Linux and a C compiler.
 */
export function runWithSlowDisk(
  directory: string,
  syncMs: number,
  args: readonly string[],
): boolean {
  const library = join(directory, "slow-sync.so");
  const source = join(import.meta.dirname, "slow-sync.c");
  const options = ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"];
  const compiled =
    process.platform === "linux" && spawnSync("cc", options, { stdio: "inherit" }).status === 0;
  if (!compiled) return false;
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    ATLAS_BENCH_SYNC_US: String(syncMs * 1_000),
  };
  const program = [...process.execArgv, process.argv[1] ?? "", ...args];
  return spawnSync(process.execPath, program, { env, stdio: "inherit" }).status === 0;
}
