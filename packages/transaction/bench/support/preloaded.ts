import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const turnsVariable = "ATLAS_BENCH_TURNS";

/**
 * Runs this program again with every sync of the process, on both sides of the
 * comparison, taking `syncMs` longer, and with its turns of the event loop
 * watched. False where that cannot be done: it needs Linux and a C compiler.
 */
export function runPreloaded(directory: string, syncMs: number, args: readonly string[]): boolean {
  const library = join(directory, "preload.so");
  const source = join(import.meta.dirname, "preload.c");
  const options = ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"];
  const compiled =
    process.platform === "linux" && spawnSync("cc", options, { stdio: "inherit" }).status === 0;
  if (!compiled) return false;
  const turns = join(directory, "turns");
  writeFileSync(turns, Buffer.alloc(8));
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    ATLAS_BENCH_SYNC_US: String(syncMs * 1_000),
    [turnsVariable]: turns,
  };
  const program = [...process.execArgv, process.argv[1] ?? "", ...args];
  const { status } = spawnSync(process.execPath, program, { env, stdio: "inherit" });
  if (status !== 0) throw new Error(`The benchmark ended with status ${status}.`);
  return true;
}

/** The turns of the event loop of this process. */
export interface Turns extends Disposable {
  /** The longest since the last call, in milliseconds. */
  longestMs(): number;
}

/** Undefined in a process that is not watched. */
export function watchTurns(): Turns | undefined {
  const path = process.env[turnsVariable];
  if (path === undefined) return undefined;
  const file = openSync(path, "r+");
  const bytes = Buffer.alloc(8);
  return {
    longestMs: () => {
      readSync(file, bytes, 0, 8, 0);
      const longestMs = bytes.readDoubleLE();
      writeSync(file, Buffer.alloc(8), 0, 8, 0);
      return longestMs;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
