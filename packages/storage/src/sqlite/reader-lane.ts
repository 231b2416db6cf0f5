import { AtlasError, checkOptions, type OptionRules } from "@atlas/errors";
import type { Reader } from "../connection.ts";
import type { AcquiredReader } from "../connection-pool.ts";
import type { ReadOptions } from "../database.ts";
import type { Answer } from "../writer.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { busyWaitOf, type DataFile } from "./data-file.ts";
import { waitRange } from "./open-options.ts";
import type { PooledSession, ReaderPool } from "./reader-pool.ts";
import { ScopedReader } from "./scoped-reader.ts";
import { SessionScope } from "./session-scope.ts";
import type { SqliteSession } from "./sqlite-session.ts";
import type { TransactionVerbs } from "./transaction-verbs.ts";
import type { HeldSnapshot } from "./wal/sqlite-wal-manager.ts";
import { waitWhileBusy } from "./wait-while-busy.ts";

/** A reader that was acquired, with what has to be given back. */
interface Acquired {
  readonly pooled: PooledSession;
  readonly scope: SessionScope;
  readonly since: number;
}

/** Lends readers, each with a snapshot of its own, to bodies and callers. */
export class ReaderLane {
  readonly #file: DataFile;
  readonly #readers: ReaderPool;
  readonly #acquired = new Map<AcquiredReader, Acquired>();

  constructor(file: DataFile, readers: ReaderPool) {
    this.#file = file;
    this.#readers = readers;
  }

  /** Runs `body` on one snapshot. */
  async read<T>(body: (reader: Reader) => T | Promise<T>, options: ReadOptions): Promise<T> {
    const begun = this.#begin(await this.#pooled(options), options);
    const reader = begun instanceof Promise ? await begun : begun;
    try {
      return await body(reader);
    } finally {
      this.release(reader);
    }
  }

  /** A reader until it is released; for whoever cannot use `read`. */
  async acquire(options: ReadOptions): Promise<AcquiredReader> {
    return this.#begin(await this.#pooled(options), options);
  }

  #pooled(options: ReadOptions): Answer<PooledSession> {
    checkOptions("read", options, readRules);
    throwIfCancelled(options.signal);
    const { acquireTimeoutMs } = this.#file.settings;
    return this.#readers.acquire({
      timeoutMs: options.acquireTimeoutMs ?? acquireTimeoutMs,
      signal: options.signal,
    });
  }

  /** Fixes the state that is seen. Mostly nobody is in the way, and the body begins at once. */
  #begin(pooled: PooledSession, options: ReadOptions): Answer<AcquiredReader> {
    this.#readers.startHolding(pooled);
    try {
      if (beginsAtOnce(pooled.session)) return this.#lend(pooled);
    } catch (error) {
      this.#readers.release(pooled);
      throw error;
    }
    return this.#beginWhenFree(pooled, options);
  }

  async #beginWhenFree(pooled: PooledSession, options: ReadOptions): Promise<AcquiredReader> {
    const { clock, acquireTimeoutMs } = this.#file.settings;
    const timeoutMs = options.acquireTimeoutMs ?? acquireTimeoutMs;
    const deadline = { at: clock() + timeoutMs, signal: options.signal };
    try {
      await waitWhileBusy(busyWaitOf(this.#file), deadline, () => {
        pooled.session.runVerb(beginRead);
      });
    } catch (error) {
      this.#readers.release(pooled);
      throw error;
    }
    return this.#lend(pooled);
  }

  #lend(pooled: PooledSession): AcquiredReader {
    const scope = new SessionScope(pooled.session);
    const reader = new ScopedReader(pooled.id, scope, () => this.release(reader));
    this.#acquired.set(reader, { pooled, scope, since: this.#file.settings.clock() });
    return reader;
  }

  /** Ends the snapshot; a second time does nothing. */
  release(reader: AcquiredReader): void {
    const acquired = this.#acquired.get(reader);
    if (acquired === undefined) return;
    this.#acquired.delete(reader);
    acquired.scope.end();
    try {
      acquired.pooled.session.runVerb(rollback);
    } catch {
      // Left in a transaction, the pool closes it instead of putting it back.
    }
    this.#readers.release(acquired.pooled);
  }

  /** The snapshots that are held. */
  snapshots(): readonly HeldSnapshot[] {
    return [...this.#acquired.values()].map(({ pooled, since }) => ({ id: pooled.id, since }));
  }

  /** Ends those held since `until` or longer; their bodies get the error. */
  expire(until: number, expired: (snapshot: HeldSnapshot) => Error): void {
    for (const [reader, { pooled, scope, since }] of this.#acquired) {
      if (since > until) continue;
      const error = expired({ id: pooled.id, since });
      scope.end(() => error);
      this.release(reader);
    }
  }
}

function beginsAtOnce(session: SqliteSession): boolean {
  try {
    session.runVerb(beginRead);
    return true;
  } catch (error) {
    if (AtlasError.is(error) && error.code === "storage.busy") return false;
    throw error;
  }
}

const readRules: OptionRules<ReadOptions> = { acquireTimeoutMs: waitRange, signal: "any" };
const beginRead = (verbs: TransactionVerbs): void => verbs.beginRead();
const rollback = (verbs: TransactionVerbs): void => verbs.rollback();
