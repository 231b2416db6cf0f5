/**
 * The scan lane: queries that would keep the event loop from running, in
 * threads; and those that must be stoppable, in processes. Each has its own
 * connection for reading and one query at a time.
 */
import { storageError } from "../../errors.ts";
import type { RawRow, SqlValue } from "../../sql-value.ts";
import { cancelledError, throwIfCancelled } from "../cancelled.ts";
import { closedError } from "../closed-error.ts";
import { cacheSizeOf, type DataFile } from "../data-file.ts";
import { toNumbers } from "../exact-integers.ts";
import { pragmas } from "../pragmas.ts";
import { translateError } from "../translate-error.ts";
import { WaitQueue } from "../wait-queue.ts";
import type { HeldSnapshot } from "../wal/sqlite-wal-manager.ts";
import type { ScanReply, ScanSetup } from "./scan-protocol.ts";
import { startScanProcess, startScanThread, type ScanRunner } from "./scan-runner.ts";

/** One query for the lane. */
export interface ScanJob {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  readonly chunkRows: number;
  readonly acquireTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** A runner that has had nothing to do for so many milliseconds is ended. */
const idleMsMax = 30_000;

/** Runners of one kind, started when they are needed. */
export class ScanLane {
  readonly #file: DataFile;
  readonly #start: (setup: ScanSetup) => ScanRunner;
  readonly #size: number;
  readonly #waiting: WaitQueue<ScanRunner>;
  readonly #idle: ScanRunner[] = [];
  readonly #all = new Set<ScanRunner>();
  /** Those of another generation read a file that was replaced. */
  #fresh = new WeakSet<ScanRunner>();
  #idleTimer: NodeJS.Timeout | undefined;
  readonly #running = new Map<Watch, HeldSnapshot>();
  #started = 0;
  #closed = false;

  constructor(file: DataFile, kind: "threads" | "processes") {
    this.#file = file;
    this.#start = kind === "threads" ? startScanThread : startScanProcess;
    this.#size = file.settings.scanners;
    this.#waiting = new WaitQueue(file.settings.readsWaitingMax, {
      full: (capacity) => laneFull(file.location, capacity),
      timeout: (timeoutMs) => laneTimeout(file.location, timeoutMs),
    });
  }

  /**
   * Runs the query. Leaving the loop ends it.
   *
   * @yields the rows of a chunk
   */
  async *run(job: ScanJob): AsyncGenerator<RawRow[], void, undefined> {
    throwIfCancelled(job.signal);
    const runner = await this.#acquire(job);
    const watch = watchOver(runner, job);
    const id = `scan-${(this.#started += 1)}`;
    this.#running.set(watch, { id, since: this.#file.settings.clock() });
    let clean = false;
    try {
      runner.send({ type: "run", sql: job.sql, params: job.params, chunkRows: job.chunkRows });
      for (;;) {
        const reply = await this.#receive(runner, watch);
        if (reply.type === "done") break;
        if (reply.type === "failed") {
          clean = true;
          throw translateError(driverError(reply), {
            during: "run",
            location: this.#file.location,
          });
        }
        if (watch.reason !== undefined) throw watch.reason;
        runner.send({ type: "more" });
        yield reply.rows.map((row) => toRow(reply.columns, row));
      }
      clean = true;
    } finally {
      watch.end();
      this.#running.delete(watch);
      if (clean || watch.stopped) this.#release(runner, clean && !watch.stopped);
      // Left by its reader, it has to be told; nobody waits until it has noticed.
      else void stop(runner).then((stopped) => this.#release(runner, stopped));
    }
  }

  /** What the scans of this lane hold on to. */
  snapshots(): readonly HeldSnapshot[] {
    return [...this.#running].flatMap(([watch, held]) => (watch.stopped ? [] : [held]));
  }

  /** Ends scans that began at or before `until`. */
  expire(until: number, error: (snapshot: HeldSnapshot) => Error): void {
    for (const [watch, snapshot] of this.#running)
      if (snapshot.since <= until && !watch.stopped) watch.giveUp(error(snapshot));
  }

  /** Ends every runner that is free, and the others when they are. */
  recycle(): void {
    this.#fresh = new WeakSet();
    for (const runner of this.#idle.splice(0)) this.#end(runner);
  }

  /**
   * Refuses who waits and ends every scan: a loop that its reader has left
   * without ending it would never be over.
   */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    const error = closedError(this.#file.location);
    this.#waiting.rejectAll(error);
    for (const watch of this.#running.keys()) watch.giveUp(error);
    for (const runner of this.#all) this.#end(runner);
    this.#idle.length = 0;
  }

  async #acquire({ acquireTimeoutMs, signal }: ScanJob): Promise<ScanRunner> {
    if (this.#closed) throw closedError(this.#file.location);
    const runner = this.#idle.pop() ?? this.#startOne();
    if (runner === undefined)
      return await this.#waiting.enqueue({ timeoutMs: acquireTimeoutMs, signal });
    runner.hold(true);
    return runner;
  }

  #startOne(): ScanRunner | undefined {
    if (this.#all.size >= this.#size) return undefined;
    const settings = pragmas({ ...this.#file.settings, cacheSizeKib: cacheSizeOf(this.#file) });
    const runner = this.#start({
      path: this.#file.path,
      pragmas: settings
        // It may wait for locks: nobody else is on its thread.
        .filter(({ name, only }) => only !== "writer" && name !== "busy_timeout")
        .map(({ name, value }) => [name, value] as const),
    });
    this.#all.add(runner);
    this.#fresh.add(runner);
    return runner;
  }

  #release(runner: ScanRunner, clean: boolean): void {
    const reusable = clean && !this.#closed && this.#fresh.has(runner);
    if (!reusable) this.#end(runner);
    const next = reusable ? runner : this.#waiting.size > 0 ? this.#startOne() : undefined;
    if (next === undefined) return;
    next.hold(true);
    if (this.#waiting.resolveNext(next)) return;
    next.hold(false);
    this.#idle.push(next);
    this.#endIdleLater();
  }

  #end(runner: ScanRunner): void {
    this.#all.delete(runner);
    runner.hold(false);
    runner.kill();
  }

  #endIdleLater(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      for (const runner of this.#idle.splice(0)) this.#end(runner);
    }, idleMsMax).unref();
  }

  async #receive(runner: ScanRunner, watch: Watch): Promise<ScanReply> {
    try {
      return await runner.receive();
    } catch (cause) {
      throw watch.reason ?? runnerEnded(this.#file.location, cause);
    }
  }
}

/** Kills a runner when its caller gives up or its time is over. */
interface Watch {
  readonly stopped: boolean;
  readonly reason: Error | undefined;
  readonly giveUp: (error: Error) => void;
  readonly end: () => void;
}

function watchOver(runner: ScanRunner, { signal, timeoutMs }: ScanJob): Watch {
  let reason: Error | undefined;
  const giveUp = (error: Error): void => {
    reason ??= error;
    runner.kill();
  };
  const cancel = (): void => giveUp(cancelledError(signal!));
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => giveUp(late(timeoutMs)), timeoutMs);
  return {
    get stopped() {
      return reason !== undefined;
    },
    get reason() {
      return reason;
    },
    giveUp,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    },
  };
}

async function stop(runner: ScanRunner): Promise<boolean> {
  runner.send({ type: "stop" });
  try {
    for (;;) {
      const { type } = await runner.receive();
      if (type !== "rows") return true;
    }
  } catch {
    return false;
  }
}

function toRow(columns: readonly string[], values: readonly unknown[]): RawRow {
  const row: Record<string, SqlValue> = {};
  let exact = true;
  for (let at = 0; at < columns.length; at += 1) {
    const value = values[at] as SqlValue;
    if (typeof value === "bigint") exact = false;
    row[columns[at]!] = value;
  }
  return exact ? row : toNumbers(row);
}

/** An error of the driver that came from elsewhere, as the driver would have thrown it. */
function driverError({ code, message }: ScanReply & { type: "failed" }): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function late(timeoutMs: number): Error {
  return storageError(
    "storage.query_timeout",
    `The query did not end within ${timeoutMs} ms and was stopped. Allow more time, or ask for less.`,
    { txState: "none", details: { timeoutMs } },
  );
}

function runnerEnded(location: string, cause: unknown): Error {
  return storageError(
    "storage.scan_failed",
    `The process that read ${location} for this query ended before the query did. Try again; if ` +
      "it happens again, the machine may be short of memory.",
    { cause, txState: "none", details: { location } },
  );
}

function laneFull(location: string, capacity: number): Error {
  return storageError(
    "storage.queue_full",
    `Already ${capacity} scans of ${location} wait. Send fewer at once.`,
    { txState: "none", details: { location, capacity } },
  );
}

function laneTimeout(location: string, timeoutMs: number): Error {
  return storageError(
    "storage.acquire_timeout",
    `Other scans of ${location} did not end within ${timeoutMs} ms. Allow more of them at a time ` +
      "with `scanners`, or make them shorter.",
    { txState: "none", details: { location, timeoutMs } },
  );
}
