// The start of a process that runs scans which may have to be stopped: only a
// process can be, while SQLite is in the middle of a step. Its first message
// says how to open the file.
import { Worker } from "node:worker_threads";
import type { ScanSetup } from "./scan-protocol.ts";
import { serveScans } from "./serve-scans.ts";

process.once("message", ({ starter, ...setup }: ScanSetup & { readonly starter: number }) => {
  endWith(starter);
  serveScans(setup, {
    send: (reply) => process.send?.(reply),
    onRequest: (listener) => process.on("message", listener),
  });
});

/**
 * Whoever started it may die while a query runs here, which nobody would stop
 * then: this thread does nothing else meanwhile, so another one looks.
 */
function endWith(starter: number): void {
  const look = `setInterval(() => {
    if (process.ppid !== ${starter}) process.kill(process.pid, "SIGKILL");
  }, 1000);`;
  new Worker(look, { eval: true }).unref();
}
