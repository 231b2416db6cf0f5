// Runs in a thread of its own and imports nothing but the driver, which
// whoever started it has checked. It may wait for locks: nobody else is here.
import { parentPort, workerData } from "node:worker_threads";
import Driver from "better-sqlite3";

/** How the thread opens its connection. */
export interface WalThreadSetup {
  readonly path: string;
  readonly pragmas: readonly (readonly [name: string, value: number])[];
}

/** One checkpoint. */
export interface CheckpointRequest {
  readonly mode: "passive" | "full" | "truncate";
  readonly timeoutMs: number;
}

/** What SQLite answers, or why it did not. */
export type CheckpointReply =
  | { readonly busy: number; readonly log: number; readonly checkpointed: number }
  | { readonly code: string | undefined; readonly message: string };

const { path, pragmas } = workerData as WalThreadSetup;
let handle: Driver.Database | undefined;

function open(): Driver.Database {
  const opened = new Driver(path, { fileMustExist: true });
  for (const [name, value] of pragmas) opened.pragma(`${name} = ${value}`);
  return opened;
}

parentPort?.on("message", ({ mode, timeoutMs }: CheckpointRequest) => {
  let reply: CheckpointReply;
  try {
    handle ??= open();
    handle.pragma(`busy_timeout = ${timeoutMs}`);
    const [row] = handle.pragma(`wal_checkpoint(${mode})`) as [CheckpointReply];
    reply = row;
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    reply = { code, message };
  }
  parentPort?.postMessage(reply);
});
