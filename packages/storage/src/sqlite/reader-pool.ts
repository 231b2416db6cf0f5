import { checkOptions } from "@atlas/errors";
import type { ReaderHooks } from "../connection-state-manager.ts";
import type { PoolStatus } from "../connection-pool.ts";
import type { StatementStatistics } from "../database-statistics.ts";
import { storageError } from "../errors.ts";
import type { ReaderRetiredEvent } from "../events.ts";
import type { Answer } from "../writer.ts";
import { closedError } from "./closed-error.ts";
import { openReader, type DataFile } from "./data-file.ts";
import { addCounts, noCounts, type ReaderCounts } from "./connection-counts.ts";
import { readersRange } from "./open-options.ts";
import type { SqliteSession } from "./sqlite-session.ts";
import { WaitQueue, type Wait } from "./wait-queue.ts";

/** One open reader with what decides when it is replaced. */
export interface PooledSession {
  readonly id: string;
  readonly session: SqliteSession;
  readonly openedAt: number;
  readonly generation: number;
  uses: number;
  /** When it was handed out last; undefined while it is idle. */
  heldSince: number | undefined;
  heldMs: number;
}

/**
 * Opens readers when they are needed, up to its size, and hands them out in order.
 *
 * The driver works on this thread. A second body that begins while the first has
 * not had to wait for anything makes both take twice as long, and each holds its
 * reader, with its snapshot, for nothing. So the next one begins when the first
 * has ended, or when the event loop has had a turn and it still has not.
 */
export class ReaderPool {
  readonly #file: DataFile;
  readonly #waiting: WaitQueue<PooledSession>;
  readonly #idle: PooledSession[] = [];
  readonly #all = new Set<PooledSession>();
  /** The one that was handed out last, until it is released or the event loop had a turn. */
  #running: PooledSession | undefined;
  #turn: NodeJS.Immediate | undefined;
  #size: number;
  #opening = 0;
  #opened = 0;
  /** Readers of an older generation are not put back. */
  #generation = 0;
  #closed = false;
  #whenDrained: (() => void)[] = [];
  readonly #hooks: ReaderHooks;
  #retiredCounts: ReaderCounts = noCounts;
  #retired: StatementStatistics = { cached: 0, hits: 0, misses: 0, compilations: 0 };

  constructor(file: DataFile) {
    this.#file = file;
    this.#size = file.settings.readers;
    this.#hooks = guarded(file.settings.readerHooks);
    this.#waiting = new WaitQueue(file.settings.readsWaitingMax, {
      full: (capacity) => queueFull(file.location, capacity),
      timeout: (timeoutMs) => acquireTimeout(file.location, timeoutMs, this.#size),
    });
  }

  /** A reader for one statement that runs now; it stays in the pool. */
  get idleSession(): SqliteSession | undefined {
    return this.#idle[this.#idle.length - 1]?.session;
  }

  /** Every open reader, in use or not. */
  get sessions(): readonly SqliteSession[] {
    return [...this.#all].map(({ session }) => session);
  }

  /** A reader for one caller until `release`; at once when nobody is in the way. */
  acquire(wait: Wait): Answer<PooledSession> {
    if (this.#closed) throw closedError(this.#file.location);
    const reader = this.#running === undefined ? this.#idle.pop() : undefined;
    if (reader === undefined) return this.#wait(wait);
    this.#running = reader;
    return reader;
  }

  /** To be called when the caller begins to use the reader. */
  startHolding(reader: PooledSession): void {
    reader.uses += 1;
    reader.heldSince = this.#file.settings.clock();
    this.#hooks.acquired?.(reader.id);
  }

  /** Takes a reader back, or closes it when it is not to be used again. */
  release(reader: PooledSession): void {
    this.#endHolding(reader);
    if (reader === this.#running) this.#running = undefined;
    const reason = this.#reasonToRetire(reader);
    if (reason === undefined) {
      this.#idle.push(reader);
    } else {
      this.#retire(reader, reason);
    }
    this.#serve();
  }

  /** Every reader that is open. */
  list(): readonly PooledSession[] {
    return [...this.#all];
  }

  /** What readers that are closed by now have done. */
  get retiredCounts(): ReaderCounts {
    return this.#retiredCounts;
  }

  /** Asks every idle reader a question and closes those that cannot answer. */
  checkIdle(): readonly string[] {
    const sick = this.#idle.filter(({ session }) => !session.answers());
    for (const reader of sick) this.#drop(reader);
    this.#serve();
    return sick.map(({ id }) => id);
  }

  /** Closes an idle reader whose handle has failed. */
  discard(session: SqliteSession): void {
    const reader = this.#idle.find((idle) => idle.session === session);
    if (reader === undefined) return;
    this.#drop(reader);
    this.#serve();
  }

  status(): PoolStatus {
    const total = this.#all.size;
    const idle = this.#idle.length;
    return { total, active: total - idle, idle, waitingRequests: this.#waiting.size };
  }

  resize(size: number): void {
    checkOptions("pool.resize", { size }, { size: readersRange });
    this.#size = size;
    while (this.#all.size > size && this.#idle.length > 0) {
      this.#retire(this.#idle.pop()!, "surplus");
    }
    this.#serve();
  }

  /** Closes every reader as soon as it is free; resolves when the old ones are closed. */
  async recycle(): Promise<void> {
    this.#generation += 1;
    await this.#retireAll("reopen");
  }

  /** Refuses who waits, waits for who reads, and closes every reader. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.rejectAll(closedError(this.#file.location));
    await this.#retireAll("closed");
  }

  statistics(): StatementStatistics {
    return [...this.#all].map(({ session }) => session.statistics()).reduce(add, this.#retired);
  }

  #wait(wait: Wait): Promise<PooledSession> {
    const turn = this.#waiting.enqueue(wait);
    this.#serve();
    return turn;
  }

  #serve(): void {
    if (this.#waiting.size === 0) return;
    if (this.#running !== undefined) {
      this.#serveNextTurn(this.#running);
      return;
    }
    const reader = this.#idle.pop();
    if (reader !== undefined) {
      this.#running = reader;
      this.#waiting.resolveNext(reader);
      this.#serve();
      return;
    }
    while (
      this.#waiting.size > this.#opening &&
      this.#all.size + this.#opening < this.#size &&
      !this.#closed
    ) {
      void this.#open();
    }
  }

  /** Lets the next one begin although `running` has not ended: it waits for something else. */
  #serveNextTurn(running: PooledSession): void {
    if (this.#turn !== undefined) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      if (this.#running === running) this.#running = undefined;
      this.#serve();
    });
  }

  async #open(): Promise<void> {
    const { settings, emit, location } = this.#file;
    const generation = this.#generation;
    let session: SqliteSession;
    this.#opening += 1;
    try {
      const at = settings.clock() + settings.acquireTimeoutMs;
      session = await openReader(this.#file, { at });
    } catch (error) {
      this.#opening -= 1;
      // The one whose request led here learns why; the next one tries anew.
      this.#waiting.rejectNext(error);
      this.#serve();
      this.#checkDrained();
      return;
    }
    this.#opening -= 1;
    const id = `reader-${(this.#opened += 1)}`;
    const reader: PooledSession = {
      id,
      session,
      openedAt: settings.clock(),
      generation,
      uses: 0,
      heldSince: undefined,
      heldMs: 0,
    };
    this.#all.add(reader);
    emit?.({ type: "reader_opened", location, id });
    this.#hooks.created?.(id);
    this.release(reader);
  }

  #reasonToRetire(reader: PooledSession): ReaderRetiredEvent["reason"] | undefined {
    const { clock, readerUsesMax, readerAgeMsMax } = this.#file.settings;
    if (this.#closed) return "closed";
    if (reader.session.verbs.inTransaction) return "unclean";
    if (reader.session.broken) return "broken";
    if (reader.generation !== this.#generation) return "reopen";
    if (this.#all.size > this.#size) return "surplus";
    if (reader.uses >= readerUsesMax) return "uses";
    return clock() - reader.openedAt >= readerAgeMsMax ? "age" : undefined;
  }

  #retire(reader: PooledSession, reason: ReaderRetiredEvent["reason"]): void {
    this.#retired = { ...add(this.#retired, reader.session.statistics()), cached: 0 };
    const { heldMs } = reader;
    this.#retiredCounts = addCounts(this.#retiredCounts, { ...reader.session.counts, heldMs });
    this.#all.delete(reader);
    reader.session.close();
    const { emit, location } = this.#file;
    emit?.({ type: "reader_retired", location, id: reader.id, reason });
    this.#hooks.retired?.(reader.id, reason);
    this.#checkDrained();
  }

  #drop(reader: PooledSession): void {
    this.#idle.splice(this.#idle.indexOf(reader), 1);
    this.#retire(reader, "broken");
  }

  #endHolding(reader: PooledSession): void {
    if (reader.heldSince === undefined) return;
    const heldMs = this.#file.settings.clock() - reader.heldSince;
    reader.heldSince = undefined;
    reader.heldMs += heldMs;
    this.#hooks.released?.(reader.id, heldMs);
  }

  async #retireAll(reason: ReaderRetiredEvent["reason"]): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#whenDrained.push(resolve));
    for (const reader of this.#idle.splice(0)) this.#retire(reader, reason);
    this.#checkDrained();
    await drained;
  }

  #checkDrained(): void {
    const old = [...this.#all].some(({ generation }) => generation !== this.#generation);
    const open = this.#all.size + this.#opening;
    if (this.#closed ? open > 0 : old) return;
    for (const resolve of this.#whenDrained.splice(0)) resolve();
  }
}

function add(a: StatementStatistics, b: StatementStatistics): StatementStatistics {
  return {
    cached: a.cached + b.cached,
    hits: a.hits + b.hits,
    misses: a.misses + b.misses,
    compilations: a.compilations + b.compilations,
  };
}

/** Hooks whose errors harm nobody. */
function guarded(hooks: ReaderHooks): ReaderHooks {
  const guard =
    <Arguments extends readonly unknown[]>(hook: ((...given: Arguments) => void) | undefined) =>
    (...given: Arguments): void => {
      try {
        hook?.(...given);
      } catch {
        // A hook is told, not asked.
      }
    };
  return {
    created: guard(hooks.created),
    acquired: guard(hooks.acquired),
    released: guard(hooks.released),
    retired: guard(hooks.retired),
  };
}

function queueFull(location: string, capacity: number): Error {
  return storageError(
    "storage.queue_full",
    `Already ${capacity} reads wait for a reader of ${location}. Send fewer at once.`,
    { txState: "none", details: { location, capacity } },
  );
}

function acquireTimeout(location: string, timeoutMs: number, readers: number): Error {
  return storageError(
    "storage.acquire_timeout",
    `None of the ${readers} readers of ${location} became free within ${timeoutMs} ms. ` +
      "End reads sooner or raise the number of readers.",
    { txState: "none", details: { location, timeoutMs, readers } },
  );
}
