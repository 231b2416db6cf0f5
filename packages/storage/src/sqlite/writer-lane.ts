import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Connection } from "../connection.ts";
import type { WriteOptions } from "../database.ts";
import { storageError } from "../errors.ts";
import type { WriterLease } from "../writer.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { closedError } from "./closed-error.ts";
import { busyWaitOf, type DataFile } from "./data-file.ts";
import { ScopedConnection } from "./scoped-connection.ts";
import { SessionScope } from "./session-scope.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { busyError, waitWhileBusy, type Deadline } from "./wait-while-busy.ts";
import { WaitQueue } from "./wait-queue.ts";
import type { Recyclable, WriterCore } from "./writer-core.ts";

/** The event loop gets a turn at least this often while writes go on, in milliseconds. */
const turnEveryMs = 2;

/** Tells a write inside a body from one that only began there and outlived it. */
interface OpenBody {
  open: boolean;
}

/** Lets one write after the other at the writer, or hands it to one owner. */
export class WriterLane {
  readonly #file: DataFile;
  readonly #core: WriterCore;
  readonly #readers: Recyclable;
  readonly #waiting: WaitQueue<void>;
  readonly #bodies = new AsyncLocalStorage<OpenBody>();
  #busy = false;
  #turnAt = 0;
  #writes = 0;
  #leaseScope: SessionScope | undefined;
  #closed = false;
  #whenFree: (() => void) | undefined;

  constructor(file: DataFile, core: WriterCore, readers: Recyclable) {
    this.#file = file;
    this.#core = core;
    this.#readers = readers;
    const { location, settings } = file;
    this.#waiting = new WaitQueue(settings.writesWaitingMax, {
      full: (capacity) => queueFull(location, capacity),
      timeout: (timeoutMs) => turnTimeout(location, timeoutMs),
    });
  }

  get waitingWrites(): number {
    return this.#waiting.size;
  }

  /** One transaction around `body`; resolves when it is durable. */
  async write<T>(
    body: (connection: Connection) => T | Promise<T>,
    options: WriteOptions,
  ): Promise<T> {
    const deadline = this.#deadline(options);
    throwIfCancelled(options.signal);
    this.#refuse();
    if (this.#busy) await this.#wait(deadline);
    this.#busy = true;
    let result: T;
    try {
      // Mostly nobody is in the way, and each promise is noticeable in a small write.
      if (this.#core.reopenRequired || !this.#core.tryBegin()) await this.#begin(deadline);
      result = await this.#runBody(body);
      this.#core.commit();
    } catch (error) {
      this.#core.abandon();
      throw error;
    } finally {
      this.#leave();
    }
    // Outside the lane: the next write goes on while the device works.
    if (this.#file.settings.durability === "full") {
      await (this.#busy ? this.#core.sync() : this.#core.syncAlone());
    }
    if (this.#file.settings.clock() - this.#turnAt >= turnEveryMs) await this.#giveTurn();
    return result;
  }

  async take(): Promise<WriterLease> {
    await this.#enter(this.#deadline({}));
    const scope = new SessionScope(this.#core.session);
    this.#leaseScope = scope;
    // Whoever came later would wait for as long as the owner lives.
    this.#waiting.rejectAll(writerTaken(this.#file.location));
    return {
      writer: new SqliteWriter(this.#nextId(), this.#core, scope),
      syncLog: async (lane) => {
        scope.refuseAfterEnd();
        if (this.#file.settings.durability === "full") await this.#core.sync(lane);
      },
      syncLogBlocking: () => {
        scope.refuseAfterEnd();
        if (this.#file.settings.durability === "full") this.#core.syncBlocking();
      },
      reopenRequired: () => this.#core.reopenRequired,
      reopen: async () => {
        scope.refuseAfterEnd();
        await this.#core.reopen(this.#readers, this.#deadline({}));
      },
      release: () => this.#release(scope),
    };
  }

  /**
   * Reopens everything now, when nobody writes; otherwise whoever writes next
   * does it, and the owner of the writer is told by `reopenRequired`.
   */
  async reopen(): Promise<void> {
    this.#core.distrust();
    if (this.#leaseScope !== undefined || this.#closed) return;
    const deadline = this.#deadline({});
    await this.#enter(deadline);
    try {
      if (this.#core.reopenRequired) await this.#core.reopen(this.#readers, deadline);
    } finally {
      this.#leave();
    }
  }

  /** Refuses who waits, waits for the running write, revokes a lease, and closes the writer. */
  async close(): Promise<void> {
    const error = closedError(this.#file.location);
    this.#closed = true;
    this.#waiting.rejectAll(error);
    this.#leaseScope?.end(() => error);
    if (this.#busy && this.#leaseScope === undefined) {
      await new Promise<void>((resolve) => (this.#whenFree = resolve));
    }
    await this.#core.close();
  }

  async #enter(deadline: Deadline): Promise<void> {
    this.#refuse();
    if (this.#busy) await this.#wait(deadline);
    this.#busy = true;
  }

  #wait({ at, signal }: Deadline): Promise<void> {
    const timeoutMs = Math.max(0, at - this.#file.settings.clock());
    return this.#waiting.enqueue({ timeoutMs, signal });
  }

  #refuse(): void {
    const { location } = this.#file;
    if (this.#closed) throw closedError(location);
    if (this.#bodies.getStore()?.open === true) throw reentrant(location);
    if (this.#leaseScope !== undefined) throw writerTaken(location);
  }

  #leave(): void {
    // `busy` stays true when the lane goes from one to the next.
    if (this.#waiting.resolveNext()) return;
    this.#busy = false;
    this.#whenFree?.();
  }

  async #begin(deadline: Deadline): Promise<void> {
    if (this.#core.reopenRequired) await this.#core.reopen(this.#readers, deadline);
    await waitWhileBusy(busyWaitOf(this.#file), deadline, () => {
      if (!this.#core.tryBegin()) throw busyError(this.#file.location);
    });
  }

  async #runBody<T>(body: (connection: Connection) => T | Promise<T>): Promise<T> {
    const scope = new SessionScope(this.#core.session);
    const connection = new ScopedConnection(this.#nextId(), scope);
    const token: OpenBody = { open: true };
    try {
      return await this.#bodies.run(token, body, connection);
    } finally {
      token.open = false;
      scope.end();
    }
  }

  /** A loop that only writes never leaves the microtask queue; timers and other threads need a turn. */
  async #giveTurn(): Promise<void> {
    await nextTurn();
    this.#turnAt = this.#file.settings.clock();
  }

  #release(scope: SessionScope): void {
    if (this.#leaseScope !== scope) return;
    this.#leaseScope = undefined;
    scope.end(leaseReleased);
    if (this.#closed) return;
    this.#core.abandon();
    this.#leave();
  }

  #deadline({ timeoutMs, signal }: WriteOptions): Deadline {
    const { clock, writeTimeoutMs } = this.#file.settings;
    return { at: clock() + (timeoutMs ?? writeTimeoutMs), signal };
  }

  #nextId(): string {
    return `write-${(this.#writes += 1)}`;
  }
}

function queueFull(location: string, capacity: number): Error {
  return storageError(
    "storage.queue_full",
    `Already ${capacity} writes wait for their turn at ${location}. Send fewer at once.`,
    { txState: "none", details: { location, capacity } },
  );
}

function turnTimeout(location: string, timeoutMs: number): Error {
  return storageError(
    "storage.busy",
    `Earlier writes to ${location} in this process were not done within ${timeoutMs} ms. ` +
      "Send fewer at once, make them shorter, or allow more time.",
    { txState: "none", details: { location, timeoutMs } },
  );
}

function reentrant(location: string): Error {
  return storageError(
    "storage.reentrant_write",
    `A write to ${location} was started inside another one and would wait for itself. ` +
      "Use the connection the body was given.",
    { txState: "active", details: { location } },
  );
}

function writerTaken(location: string): Error {
  return storageError(
    "storage.writer_taken",
    `The writer of ${location} belongs to a transaction manager. Write through it.`,
    { txState: "none", details: { location } },
  );
}

function leaseReleased(): Error {
  return storageError(
    "storage.lease_released",
    "The writer was used after its lease had been released. Take it again.",
    { txState: "none" },
  );
}
