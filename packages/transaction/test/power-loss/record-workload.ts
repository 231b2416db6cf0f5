import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "../fixtures/child-environment.ts";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import type { PlantedFault } from "../fixtures/planted-faults.ts";
import { type IoRecord, parseIoLog } from "./io-log.ts";

/** What a process did to its store. */
export interface Recording {
  readonly records: readonly IoRecord[];
  /** The files as the process left them, without the index of the log. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface RecordingOptions {
  /** Path of the compiled library. */
  readonly library: string;
  readonly seed: number;
  readonly transactions: number;
  /** How much longer each sync takes, in microseconds: more is committed meanwhile. */
  readonly syncDelayUs: number;
  readonly fault?: PlantedFault;
  /** Program among the fixtures. Default: random sessions of the bank. */
  readonly script?: string;
}

/** Runs the workload in a process of its own and records it. */
export async function recordWorkload(options: RecordingOptions): Promise<Recording> {
  using directory = memoryDirectory();
  const [root, log, marks] = [
    directory.file("store"),
    directory.file("log"),
    directory.file("marks"),
  ];
  mkdirSync(root);
  const name = options.script ?? "recorded-child.ts";
  const script = join(import.meta.dirname, "../fixtures", name);
  const given = [root, marks, String(options.seed), String(options.transactions)];
  if (options.fault !== undefined) given.push(options.fault);
  await promisify(execFile)(process.execPath, ["--conditions=@atlas/source", script, ...given], {
    env: {
      ...childEnvironment,
      LD_PRELOAD: options.library,
      ATLAS_IO_ROOT: root,
      ATLAS_IO_LOG: log,
      ATLAS_IO_MARKS: marks,
      ATLAS_IO_DELAY: String(options.syncDelayUs),
    },
  });
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith("-shm"))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)));
  return {
    records: parseIoLog(readFileSync(log)),
    files: new Map(names.map((name) => [name, readFileSync(join(root, name))])),
  };
}
