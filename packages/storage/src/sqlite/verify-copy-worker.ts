// Runs in a thread of its own: checking a large file would stop the event loop.
// Imports nothing but the driver, which the thread that started it has checked.
import { parentPort, workerData } from "node:worker_threads";
import Driver from "better-sqlite3";
import { verifyCopy } from "./verify-copy.ts";

const { path } = workerData as { readonly path: string };
parentPort?.postMessage(verifyCopy(Driver, path));
