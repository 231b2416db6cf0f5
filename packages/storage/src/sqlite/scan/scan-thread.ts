// The start of a thread that runs scans.
import { parentPort, workerData } from "node:worker_threads";
import { serveScans } from "./serve-scans.ts";

if (parentPort !== null) {
  const port = parentPort;
  serveScans(workerData, {
    send: (reply) => port.postMessage(reply),
    onRequest: (listener) => port.on("message", listener),
  });
}
