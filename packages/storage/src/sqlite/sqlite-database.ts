import { AtlasError, checkOptions } from "@atlas/errors";
import type { ChangeFeed } from "../change-feed.ts";
import type { Connection, Reader } from "../connection.ts";
import type { AcquiredReader, ConnectionPool, PoolStatus } from "../connection-pool.ts";
import type { ReadOptions, WriteOptions } from "../database.ts";
import type { DatabaseStatistics, StatementStatistics } from "../database-statistics.ts";
import type { Dialect } from "../dialect.ts";
import type { Query, ValuesArgument } from "../query.ts";
import { storageError } from "../errors.ts";
import type { WriterLease } from "../writer.ts";
import { closedError } from "./closed-error.ts";
import { cacheSizeOf, type DataFile } from "./data-file.ts";
import { cacheSizeRange, waitRange } from "./open-options.ts";
import { setCacheSize } from "./pragmas.ts";
import type { Handle } from "./driver.ts";
import { logFrames } from "./file-state.ts";
import { ReaderLane } from "./reader-lane.ts";
import { ReaderPool } from "./reader-pool.ts";
import type { ScanOptions } from "../scan.ts";
import { Scans } from "./scan/scans.ts";
import { SqliteConnections } from "./sqlite-connections.ts";
import type { SqliteSession } from "./sqlite-session.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import type { SqliteStore } from "./sqlite-store.ts";
import type { WriterCore } from "./writer-core.ts";
import { WriterLane } from "./writer-lane.ts";
import { SqliteWalManager, type HeldSnapshot } from "./wal/sqlite-wal-manager.ts";

/** A database over one SQLite file. */
export class SqliteDatabase implements SqliteStore {
  readonly location: string;
  readonly dialect: Dialect = sqliteDialect;
  readonly pool: ConnectionPool;
  readonly connections: SqliteConnections;
  readonly changes: ChangeFeed;
  readonly wal: SqliteWalManager;
  readonly #file: DataFile;
  readonly #core: WriterCore;
  readonly #readers: ReaderPool;
  readonly #scans: Scans;
  readonly #writes: WriterLane;
  readonly #reads: ReaderLane;
  #closing: Promise<void> | undefined;

  constructor(file: DataFile, core: WriterCore) {
    this.location = file.location;
    this.#file = file;
    this.#core = core;
    this.changes = core.feed;
    this.#readers = new ReaderPool(file);
    this.#scans = new Scans(file);
    this.#reads = new ReaderLane(file, this.#readers);
    this.#writes = new WriterLane(file, core, { recycle: () => this.#recycle() });
    this.connections = new SqliteConnections(file, {
      core,
      readers: this.#readers,
      reopen: () => this.#writes.reopen(),
    });
    this.wal = new SqliteWalManager(file, {
      logPath: core.logPath,
      pageBytes: () => core.pageBytes,
      frames: () => {
        const idle = this.#readers.idleSession?.handle;
        return (
          logFrames(core.session.handle, file.location) ?? (idle && logFrames(idle, file.location))
        );
      },
      oldestSnapshot: () =>
        [...this.#reads.snapshots(), ...this.#scans.snapshots()].toSorted(
          (a, b) => a.since - b.since,
        )[0],
      expireSnapshots: (until) => {
        const expired = (snapshot: HeldSnapshot): Error => snapshotExpired(file, snapshot);
        this.#reads.expire(until, expired);
        this.#scans.expire(until, expired);
      },
    });
    core.feed.subscribe(() => this.wal.committed());
    core.holdsWriters = () => this.wal.holdsWriters;
    this.pool = Object.freeze({
      acquire: (options?: ReadOptions) => this.#reads.acquire(options ?? {}),
      release: (reader: AcquiredReader) => this.#reads.release(reader),
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
      const statement = session.light(query.sql);
      if (statement === undefined) return this.#scanFirst(query, values[0]);
      return Promise.resolve(session.first(query, values[0], statement));
    } catch (error) {
      return this.#afterError(session, error, (reader) => reader.get(query, ...values));
    }
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    const session = this.#readers.idleSession;
    if (session === undefined) return this.read((reader) => reader.all(query, ...values));
    try {
      const statement = session.light(query.sql);
      if (statement === undefined) return this.#scanAll(query, values[0]);
      return Promise.resolve(session.list(query, values[0], statement));
    } catch (error) {
      return this.#afterError(session, error, (reader) => reader.all(query, ...values));
    }
  }

  read<T>(body: (reader: Reader) => T | Promise<T>, options: ReadOptions = {}): Promise<T> {
    return this.#reads.read(body, options);
  }

  scan<Row, Values extends object>(
    query: Query<Row, Values>,
    options: ScanOptions<Values>,
  ): AsyncGenerator<Row[], void, undefined> {
    return this.#scans.scan(query, options);
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
      scans: this.#scans.total,
      waitingWrites: this.#writes.waitingWrites,
    };
  }

  get cacheSizeKib(): number {
    return cacheSizeOf(this.#file);
  }

  setCacheSize(kib: number): void {
    checkOptions("setCacheSize", { kib }, { kib: cacheSizeRange });
    this.#refuseWhenClosing();
    this.#file.cacheSizeKib = kib;
    for (const handle of this.#handles()) setCacheSize(handle, kib);
  }

  releaseMemory(): void {
    this.#refuseWhenClosing();
    for (const handle of this.#handles()) handle.pragma("shrink_memory");
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** From now on the file is looked at now and then. */
  startHealthChecks(): void {
    this.connections.start();
  }

  async #recycle(): Promise<void> {
    this.#scans.recycle();
    await Promise.all([this.#readers.recycle(), this.wal.recycle()]);
  }

  /** While the file is being reopened the writer has none; the new one has the new size. */
  #handles(): readonly Handle[] {
    const sessions = [this.#core.session, ...this.#readers.sessions];
    return sessions.map(({ handle }) => handle).filter(({ open }) => open);
  }

  #refuseWhenClosing(): void {
    if (this.#closing !== undefined) throw closedError(this.location);
  }

  async #close(): Promise<void> {
    this.connections.stop();
    // Readers first, so that the writer, as the last one, copies the log into the file.
    await this.#readers.close();
    this.#scans.close();
    await this.wal.close();
    await this.#writes.close();
    this.#file.emit?.({ type: "closed", location: this.location });
  }

  async #scanFirst<Row>(
    query: Query<Row, never>,
    values: object | undefined,
  ): Promise<Row | undefined> {
    const one = { values: values as never, chunkRows: 1 };
    for await (const [row] of this.#scans.scan(query, one)) return row;
    return undefined;
  }

  async #scanAll<Row>(query: Query<Row, never>, values: object | undefined): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of this.#scans.scan(query, { values: values as never }))
      rows.push(...chunk);
    return rows;
  }

  // A lock of another process that recovers or closes the file is waited for.
  #afterError<T>(
    session: SqliteSession,
    error: unknown,
    again: (reader: Reader) => Promise<T>,
  ): Promise<T> {
    if (AtlasError.is(error) && error.code === "storage.busy") return this.read(again);
    if (session.broken) this.#readers.discard(session);
    return Promise.reject(error);
  }
}

/** Tells that a read is ended, and makes the error that its body gets from then on. */
function snapshotExpired({ location, settings, emit }: DataFile, held: HeldSnapshot): Error {
  const heldMs = settings.clock() - held.since;
  emit?.({ type: "snapshot_expired", location, id: held.id, heldMs });
  return storageError(
    "storage.snapshot_expired",
    `The read was ended after ${Math.round(heldMs)} ms, because the log of ${location} could ` +
      "not be cut back before its end. Read again in smaller parts, without slow work in between.",
    { txState: "none", details: { location, heldMs } },
  );
}
