import { fork } from "node:child_process";
import { Worker } from "node:worker_threads";
import type { ScanReply, ScanRequest, ScanSetup } from "./scan-protocol.ts";

/** A thread or process that runs one scan at a time. */
export interface ScanRunner {
  send(request: ScanRequest): void;
  /** The next reply; rejects when the runner has ended. */
  receive(): Promise<ScanReply>;
  /** Keeps this process from ending while a scan runs. */
  hold(held: boolean): void;
  /**
   * Ends it. A process dies at once, a thread when the step of SQLite that it is
   * in is over.
   */
  kill(): void;
}

/** What a runner is made from, whichever kind it is. */
interface Channel {
  readonly send: (request: ScanRequest) => void;
  readonly onReply: (listener: (reply: ScanReply) => void) => void;
  readonly onEnd: (listener: (cause: unknown) => void) => void;
  readonly hold: (held: boolean) => void;
  readonly kill: () => void;
}

/** Starts a thread. */
export function startScanThread(setup: ScanSetup): ScanRunner {
  const worker = new Worker(threadEntry, { workerData: setup });
  return runnerOver({
    send: (request) => worker.postMessage(request),
    onReply: (listener) => void worker.on("message", listener),
    onEnd: (listener) => {
      worker.once("error", listener);
      worker.once("exit", () => listener(undefined));
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    kill: () => void worker.terminate(),
  });
}

/** Starts a process. */
export function startScanProcess(setup: ScanSetup): ScanRunner {
  const child = fork(processEntry, [], {
    serialization: "advanced",
    // Whatever this process was started with, a debugger's port above all, is not for that one.
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.send({ ...setup, starter: process.pid });
  return runnerOver({
    send: (request) => void child.send(request),
    onReply: (listener) => void child.on("message", (reply) => listener(reply as ScanReply)),
    onEnd: (listener) => {
      child.once("error", listener);
      child.once("exit", () => listener(undefined));
    },
    hold: (held) => {
      if (held) {
        child.ref();
        child.channel?.ref();
      } else {
        child.unref();
        child.channel?.unref();
      }
    },
    kill: () => void child.kill("SIGKILL"),
  });
}

function runnerOver(channel: Channel): ScanRunner {
  const replies: ScanReply[] = [];
  let waiting: PromiseWithResolvers<ScanReply> | undefined;
  let ended: Error | undefined;
  channel.onReply((reply) => {
    if (waiting === undefined) replies.push(reply);
    else waiting.resolve(reply);
    waiting = undefined;
  });
  channel.onEnd((cause) => {
    ended ??= new Error("The thread or process that ran a scan ended early.", { cause });
    waiting?.reject(ended);
    waiting = undefined;
  });
  return {
    send: (request) => {
      if (ended === undefined) channel.send(request);
    },
    receive() {
      const reply = replies.shift();
      if (reply !== undefined) return Promise.resolve(reply);
      if (ended !== undefined) return Promise.reject(ended);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    hold: channel.hold,
    kill: channel.kill,
  };
}

// The files beside this one: as source here, as JavaScript in the built package.
const source: boolean = import.meta.url.endsWith(".ts");
const threadEntry: URL = source
  ? new URL("./scan-thread.ts", import.meta.url)
  : new URL("./scan-thread.js", import.meta.url);
const processEntry: URL = source
  ? new URL("./scan-process.ts", import.meta.url)
  : new URL("./scan-process.js", import.meta.url);
