import { AtlasError, checkOptions } from "@atlas/errors";
import type { Connection, Reader } from "../connection.ts";
import type { AcquiredReader, ConnectionPool, PoolStatus } from "../connection-pool.ts";
import type { Database, ReadOptions, WriteOptions } from "../database.ts";
import type { DatabaseStatistics, StatementStatistics } from "../database-statistics.ts";
import type { Dialect } from "../dialect.ts";
import type { Query, ValuesArgument } from "../query.ts";
import type { WriterLease } from "../writer.ts";
import { handleClosedError } from "./closed-error.ts";
import { busyWaitOf, type DataFile } from "./data-file.ts";
import { waitRange } from "./open-options.ts";
import { ReaderPool, type PooledSession } from "./reader-pool.ts";
import { ScopedReader } from "./scoped-reader.ts";
import { SessionScope } from "./session-scope.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import type { Wait } from "./wait-queue.ts";
import { waitWhileBusy } from "./wait-while-busy.ts";
import type { WriterCore } from "./writer-core.ts";
import { WriterLane } from "./writer-lane.ts";

/** A reader that was acquired, with what has to be given back. */
interface Acquired {
  readonly pooled: PooledSession;
  readonly scope: SessionScope;
}

/** A database over one SQLite file. */
export class SqliteDatabase implements Database {
  readonly location: string;
  readonly dialect: Dialect = sqliteDialect;
  readonly pool: ConnectionPool;
  readonly #file: DataFile;
  readonly #core: WriterCore;
  readonly #readers: ReaderPool;
  readonly #writes: WriterLane;
  readonly #acquired = new WeakMap<AcquiredReader, Acquired>();
  #closing: Promise<void> | undefined;

  constructor(file: DataFile, core: WriterCore) {
    this.location = file.location;
    this.#file = file;
    this.#core = core;
    this.#readers = new ReaderPool(file);
    this.#writes = new WriterLane(file, core, this.#readers);
    this.pool = Object.freeze({
      acquire: (options?: ReadOptions) => this.#acquire(options ?? {}),
      release: (reader: AcquiredReader) => this.#release(reader),
      status: (): PoolStatus => this.#readers.status(),
      resize: (size: number) => this.#readers.resize(size),
    });
  }

  // The next two are the hot path of every program: when a reader is idle the
  // statement runs at once, without a snapshot that a single one does not need.

  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined> {
    const session = this.#readers.idleSession;
    if (session === undefined) return this.read((reader) => reader.get(query, ...values));
    try {
      return Promise.resolve(session.first(query, values[0]));
    } catch (error) {
      return this.#afterError(error, (reader) => reader.get(query, ...values));
    }
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    const session = this.#readers.idleSession;
    if (session === undefined) return this.read((reader) => reader.all(query, ...values));
    try {
      return Promise.resolve(session.list(query, values[0]));
    } catch (error) {
      return this.#afterError(error, (reader) => reader.all(query, ...values));
    }
  }

  async read<T>(body: (reader: Reader) => T | Promise<T>, options: ReadOptions = {}): Promise<T> {
    const reader = await this.#acquire(options);
    try {
      return await body(reader);
    } finally {
      this.#release(reader);
    }
  }

  async write<T>(
    body: (connection: Connection) => T | Promise<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    checkOptions<WriteOptions>("write", options, { timeoutMs: waitRange, signal: "any" });
    return this.#writes.write(body, options);
  }

  async unsafeTakeWriter(): Promise<WriterLease> {
    return this.#writes.take();
  }

  statistics(): DatabaseStatistics {
    const { cached, ...counts } = this.#core.session.statistics();
    const readers = this.#readers.statistics();
    const statements: StatementStatistics = {
      cached: readers.cached + cached,
      hits: readers.hits + counts.hits,
      misses: readers.misses + counts.misses,
      compilations: readers.compilations + counts.compilations,
    };
    return {
      statements,
      readers: this.#readers.status(),
      waitingWrites: this.#writes.waitingWrites,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    // Readers first, so that the writer, as the last one, copies the log into the file.
    await this.#readers.close();
    await this.#writes.close();
    this.#file.emit?.({ type: "closed", location: this.location });
  }

  async #acquire(options: ReadOptions): Promise<AcquiredReader> {
    checkOptions<ReadOptions>("read", options, { acquireTimeoutMs: waitRange, signal: "any" });
    const wait: Wait = {
      timeoutMs: options.acquireTimeoutMs ?? this.#file.settings.acquireTimeoutMs,
      signal: options.signal,
    };
    const deadline = { at: this.#file.settings.clock() + wait.timeoutMs, signal: wait.signal };
    const pooled = await this.#readers.acquire(wait);
    const { verbs } = pooled.session;
    try {
      await waitWhileBusy(busyWaitOf(this.#file), deadline, () => verbs.beginRead());
    } catch (error) {
      this.#readers.release(pooled);
      throw error;
    }
    const scope = new SessionScope(pooled.session);
    const reader = new ScopedReader(pooled.id, scope, () => this.#release(reader));
    this.#acquired.set(reader, { pooled, scope });
    return reader;
  }

  #release(reader: AcquiredReader): void {
    const acquired = this.#acquired.get(reader);
    if (acquired === undefined) return;
    this.#acquired.delete(reader);
    acquired.scope.end(handleClosedError());
    try {
      acquired.pooled.session.verbs.rollback();
    } catch {
      // Left in a transaction, the pool closes it instead of putting it back.
    }
    this.#readers.release(acquired.pooled);
  }

  // A lock of another process that recovers or closes the file is waited for.
  #afterError<T>(error: unknown, again: (reader: Reader) => Promise<T>): Promise<T> {
    if (AtlasError.is(error) && error.code === "storage.busy") return this.read(again);
    return Promise.reject(error);
  }
}
