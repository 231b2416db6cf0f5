// Runs in a thread of its own and imports nothing but the driver, which
// whoever started it has checked. It may wait for locks: nobody else is here.
import { parentPort, workerData } from "node:worker_threads";
import Driver from "better-sqlite3";

/** How the thread opens its connection. */
export interface WalThreadSetup {
  readonly path: string;
  readonly pragmas: readonly (readonly [name: string, value: number])[];
}

/**
 * - `passive` copies what readers allow and waits for nobody;
 * - `keeping` does the same, and until the next request nobody starts the log again;
 * - `restart` copies everything while nobody writes, and starts the log again;
 * - `truncate` copies everything and cuts the log to nothing.
 */
export type CheckpointMode = "passive" | "keeping" | "restart" | "truncate";

/** One checkpoint. */
export interface CheckpointRequest {
  readonly mode: CheckpointMode;
  /** How long it waits for others. */
  readonly timeoutMs: number;
}

interface CheckpointNumbers {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** What SQLite answers, or why it did not. */
export type CheckpointReply =
  | CheckpointNumbers
  | { readonly code: string | undefined; readonly message: string };

const { path, pragmas } = workerData as WalThreadSetup;
let handle: Driver.Database | undefined;
let reader: Driver.Database | undefined;

function open(): Driver.Database {
  const opened = new Driver(path, { fileMustExist: true });
  for (const [name, value] of pragmas) opened.pragma(`${name} = ${value}`);
  return opened;
}

/** A reader of the log keeps everybody from starting it again. */
function keepLog(): void {
  reader ??= new Driver(path, { readonly: true });
  reader.exec("BEGIN");
  // BEGIN alone fixes nothing: SQLite takes the snapshot at the first read.
  reader.exec("SELECT 1 FROM sqlite_schema LIMIT 1");
}

function letLogGo(): void {
  if (reader?.inTransaction === true) reader.exec("COMMIT");
}

/**
 * Whoever writes first after everything was copied starts the log again, and waits for the sync
 * of its new header. So that is done here, with a page that holds what it held. A writer of
 * another process who was faster has done it.
 */
function startAgain(connection: Driver.Database): void {
  connection.pragma("busy_timeout = 0");
  try {
    connection.exec("BEGIN IMMEDIATE");
  } catch (error) {
    if ((error as { readonly code?: string }).code?.startsWith("SQLITE_BUSY") === true) return;
    throw error;
  }
  try {
    const version = Number(connection.pragma("user_version", { simple: true }));
    connection.exec(`PRAGMA user_version = ${version}; COMMIT`);
  } finally {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

/** Those that began while nothing was left to be copied would start the log again as well. */
function waitForWriters(connection: Driver.Database): void {
  connection.exec("BEGIN IMMEDIATE; COMMIT");
}

function checkpoint({ mode, timeoutMs }: CheckpointRequest): CheckpointNumbers {
  const connection = (handle ??= open());
  const copy = (how: "passive" | "full" | "truncate"): CheckpointNumbers =>
    (connection.pragma(`wal_checkpoint(${how})`) as [CheckpointNumbers])[0];
  connection.pragma(`busy_timeout = ${timeoutMs}`);
  if (mode === "restart") waitForWriters(connection);
  letLogGo();
  if (mode === "keeping") keepLog();
  if (mode === "truncate") return copy(mode);
  if (mode !== "restart") return copy("passive");
  const numbers = copy("full");
  if (numbers.checkpointed === numbers.log) startAgain(connection);
  return numbers;
}

parentPort?.on("message", (request: CheckpointRequest) => {
  let reply: CheckpointReply;
  try {
    reply = checkpoint(request);
  } catch (error) {
    letLogGo();
    const { code, message } = error as { readonly code?: string; readonly message: string };
    reply = { code, message };
  }
  parentPort?.postMessage(reply);
});
