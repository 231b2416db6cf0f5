import { Worker } from "node:worker_threads";
import type { DataFile } from "../data-file.ts";
import { busyError } from "../wait-while-busy.ts";
import { pragmas } from "../pragmas.ts";
import { translateError } from "../translate-error.ts";
import type { CheckpointReply, CheckpointRequest, WalThreadSetup } from "./wal-thread.ts";

/** What one checkpoint left. */
export interface CheckpointOutcome {
  readonly frames: number;
  readonly framesCopied: number;
}

/** Makes checkpoints, one at a time, on a thread that starts with the first. */
export class Checkpointer {
  readonly #file: DataFile;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: DataFile) {
    this.#file = file;
  }

  /**
   * @throws {AtlasError} storage.busy when others needed the log until the time was over; the
   * codes of SQLite for a full or broken disk.
   */
  run(request: CheckpointRequest): Promise<CheckpointOutcome> {
    const turn = this.#last.then(() => this.#run(request));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the thread; the next checkpoint starts another, on the file that is there then. */
  async close(): Promise<void> {
    await this.#last;
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #run(request: CheckpointRequest): Promise<CheckpointOutcome> {
    const worker = (this.#worker ??= this.#start());
    const reply = await new Promise<CheckpointReply>((resolve, reject) => {
      const ended = (cause?: unknown): void => {
        this.#worker = undefined;
        reject(new Error("The thread that makes checkpoints ended early.", { cause }));
      };
      worker.once("error", ended);
      worker.once("exit", ended);
      worker.once("message", (message: CheckpointReply) => {
        worker.off("error", ended);
        worker.off("exit", ended);
        resolve(message);
      });
      worker.postMessage(request);
    });
    const { location } = this.#file;
    if ("message" in reply) {
      const error = Object.assign(new Error(reply.message), { code: reply.code });
      throw translateError(error, { during: "run", location, txState: "none" });
    }
    // Who never waits tells by the numbers what could not be copied.
    const waits = request.mode === "restart" || request.mode === "truncate";
    if (reply.busy !== 0 && waits) throw busyError(location);
    return { frames: Math.max(0, reply.log), framesCopied: Math.max(0, reply.checkpointed) };
  }

  #start(): Worker {
    const url = import.meta.url.endsWith(".ts")
      ? new URL("./wal-thread.ts", import.meta.url)
      : new URL("./wal-thread.js", import.meta.url);
    const setup: WalThreadSetup = {
      path: this.#file.path,
      pragmas: pragmas(this.#file.settings)
        .filter(({ only, name }) => only !== "reader" && name !== "busy_timeout")
        .map(({ name, value }) => [name, value] as const),
    };
    const worker = new Worker(url, { workerData: setup });
    // A process with nothing else to do may end: the log is complete without a checkpoint.
    worker.unref();
    return worker;
  }
}
