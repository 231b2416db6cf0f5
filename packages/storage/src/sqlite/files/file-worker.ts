// Runs one task in a thread of its own. Imports nothing but the driver, which
// the thread that started it has checked, and what stands beside it.
import { parentPort, workerData } from "node:worker_threads";
import Driver from "better-sqlite3";
import { backupTask } from "./backup-task.ts";
import { checkTask } from "./check-task.ts";
import type { FileTask, FileTasks } from "./file-task.ts";
import type { WorkerAnswer, WorkerOrder } from "./run-file-task.ts";
import { snapshotTask } from "./snapshot-task.ts";
import { stepBack } from "./step-back.ts";
import { unpackTask } from "./unpack-task.ts";
import { verifyStoredTask } from "./verify-stored-task.ts";

const tasks: { readonly [Name in keyof FileTasks]: FileTask<Name> } = {
  backup: backupTask,
  check: checkTask,
  snapshot: snapshotTask,
  unpack: unpackTask,
  verifyStored: verifyStoredTask,
};

const order = workerData as WorkerOrder;
const cancelled = new Int32Array(order.cancelled);

async function work<Name extends keyof FileTasks>(name: Name, input: FileTasks[Name][0]) {
  return tasks[name](
    {
      driver: Driver,
      throwIfCancelled: () => {
        if (Atomics.load(cancelled, 0) === 1) throw new Error("The caller gave up.");
      },
      report: (done, total) => answer({ type: "progress", done, total }),
    },
    input,
  );
}

function answer(message: WorkerAnswer): void {
  parentPort?.postMessage(message);
}

stepBack();
try {
  answer({ type: "done", result: await work(order.task, order.input) });
} catch (error) {
  // Codes do not survive being sent as an error.
  const { message, code } = error as { readonly message?: string; readonly code?: string };
  answer({ type: "failed", message: String(message), code });
}
