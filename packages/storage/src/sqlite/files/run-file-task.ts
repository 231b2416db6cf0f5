import { Worker } from "node:worker_threads";
import type { BackupProgress } from "../../file-manager.ts";
import { throwIfCancelled } from "../cancelled.ts";
import { loadDriver } from "../driver.ts";
import type { FileTasks } from "./file-task.ts";

/** What a thread is started with. */
export interface WorkerOrder {
  readonly task: keyof FileTasks;
  readonly input: FileTasks[keyof FileTasks][0];
  /** One 32-bit number: 1 once the caller has given up. */
  readonly cancelled: SharedArrayBuffer;
}

/** What a thread says. */
export type WorkerAnswer =
  | { readonly type: "progress"; readonly done: number; readonly total: number }
  | { readonly type: "done"; readonly result: FileTasks[keyof FileTasks][1] }
  | { readonly type: "failed"; readonly message: string; readonly code: string | undefined };

/** How a task is watched and given up. */
export interface TaskWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/**
 * Runs a task in a thread and waits until the thread has closed its files, also
 * when the caller gives up: threads cannot be stopped in a statement.
 */
export async function runFileTask<Name extends keyof FileTasks>(
  task: Name,
  input: FileTasks[Name][0],
  { signal, onProgress }: TaskWatch = {},
): Promise<FileTasks[Name][1]> {
  throwIfCancelled(signal);
  await loadDriver();
  const cancelled = new SharedArrayBuffer(4);
  const cancel = (): void => void Atomics.store(new Int32Array(cancelled), 0, 1);
  signal?.addEventListener("abort", cancel);
  try {
    const answer = await answerOf({ task, input, cancelled }, onProgress);
    throwIfCancelled(signal);
    if (answer.type === "done") return answer.result as FileTasks[Name][1];
    throw Object.assign(new Error(answer.message), { code: answer.code });
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function answerOf(
  order: WorkerOrder,
  onProgress: TaskWatch["onProgress"],
): Promise<Exclude<WorkerAnswer, { readonly type: "progress" }>> {
  // The file beside this one: as source here, as JavaScript in the built package.
  const url = import.meta.url.endsWith(".ts")
    ? new URL("./file-worker.ts", import.meta.url)
    : new URL("./file-worker.js", import.meta.url);
  const worker = new Worker(url, { workerData: order });
  return new Promise((resolve, reject) => {
    let last: Exclude<WorkerAnswer, { readonly type: "progress" }> | undefined;
    worker.on("message", (answer: WorkerAnswer) => {
      if (answer.type !== "progress") last = answer;
      else tell(onProgress, { pagesDone: answer.done, pagesTotal: answer.total });
    });
    worker.once("error", reject);
    worker.once("exit", () => {
      if (last === undefined) reject(new Error("The thread that works on files ended early."));
      else resolve(last);
    });
  });
}

/** An observer is told, not asked: it must not end the thread's answer. */
function tell(onProgress: TaskWatch["onProgress"], progress: BackupProgress): void {
  try {
    onProgress?.(progress);
  } catch {
    // See above.
  }
}
