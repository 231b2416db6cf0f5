import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AtlasError, checkOptions } from "@atlas/errors";
import type { CheckpointReport, WalManager, WalStats, WalVerification } from "./wal-manager.ts";
import { closedError } from "../closed-error.ts";
import type { DataFile } from "../data-file.ts";
import type { LogFrames } from "../file-state.ts";
import { busyError } from "../wait-while-busy.ts";
import { Checkpointer } from "./checkpointer.ts";
import { readLog } from "./verify-log.ts";
import type { CheckpointRequest } from "./wal-thread.ts";

/** A reader of this process with its snapshot. */
export interface HeldSnapshot {
  readonly id: string;
  readonly since: number;
}

/** What the manager asks of the connections. */
export interface WalSource {
  readonly logPath: string;
  readonly pageBytes: () => number;
  /** Undefined while no connection is free to tell. */
  readonly frames: () => LogFrames | undefined;
  readonly oldestSnapshot: () => HeldSnapshot | undefined;
  /** Ends every snapshot that began at or before `until`. */
  readonly expireSnapshots: (until: number) => void;
}

/**
 * Frames not yet copied back that start a checkpoint: 12 MiB of the usual pages,
 * or this share of the limit. A checkpoint competes with commits for the disk,
 * and what it costs depends little on how much it copies: a page that changed
 * ten times is copied once.
 */
const framesWaitingMax = 3_000;
const waitingShare = 0.2;
/** So many frames are copied when nobody writes any more; SQLite leaves as many by default. */
const restMin = 1_000;
/** The share of the limit from which on it matters who holds the log back. */
const watchAt = 0.3;
/** Most commits after which the log is looked at again. */
const commitsPerLookMax = 16;
/** A look is taken this often while there are commits, and one after the last of them. */
const lookEveryMs = 250;
/** Writers of this process meet the lock of such a checkpoint for at most so long. */
const restartTimeoutMs = 10;
/** A snapshot is reported as holding the log back at this age, and not more often than this. */
const heldBackMs = 1_000;
const reportEveryMs = 10_000;
/**
 * The shares of the limit at which readers that hold the log back are ended:
 * first those past their grace, then all. The rest is for what is written until
 * they have ended and everything is copied.
 */
const expireAt = 0.5;
const expireAllAt = 0.75;
/** The share from which on writers wait for a checkpoint that runs. */
const holdAt = 0.85;
/** What a frame has besides its page. */
const frameHeaderBytes = 24;
/** Attempts at reading a log that starts again while it is read. */
const verifyAttempts = 5;

/** The log of one SQLite file, looked after while it is written. */
export class SqliteWalManager implements WalManager {
  readonly #file: DataFile;
  readonly #source: WalSource;
  readonly #checkpointer: Checkpointer;
  #timer: NodeJS.Timeout | undefined;
  #commits = 0;
  /** Commits since the log was looked at, and those after which it is again. */
  #commitsSince = 0;
  #commitsToLook = 1;
  #framesSeen = 0;
  #looking = false;
  #running = 0;
  #nearLimit = false;
  #startingAgain = false;
  #checkpoints = 0;
  #lastCheckpoint: Date | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(file: DataFile, source: WalSource) {
    this.#file = file;
    this.#source = source;
    this.#checkpointer = new Checkpointer(file);
  }

  checkpoint(): Promise<CheckpointReport> {
    return this.#checkpoint({ mode: "passive", timeoutMs: 0 });
  }

  cleanup(options: { readonly timeoutMs?: number } = {}): Promise<CheckpointReport> {
    checkOptions("wal.cleanup", options, { timeoutMs: { min: 0, max: 60_000 } });
    return this.#checkpoint({ mode: "truncate", timeoutMs: options.timeoutMs ?? 1_000 });
  }

  monitor(): WalStats {
    const oldest = this.#source.oldestSnapshot();
    const { frames, framesCopied } = this.#source.frames() ?? { frames: 0, framesCopied: 0 };
    return {
      size: this.#size(),
      frames,
      framesCopied,
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#lastCheckpoint,
      oldestReader:
        oldest === undefined
          ? undefined
          : { id: oldest.id, heldMs: this.#file.settings.clock() - oldest.since },
    };
  }

  async verify(): Promise<WalVerification> {
    let result: WalVerification | undefined;
    for (let attempt = 0; attempt < verifyAttempts; attempt += 1) {
      const frames = this.#source.frames()?.frames;
      if (frames !== undefined) {
        const { committedFrames, validFrames } = await readLog(this.#source.logPath, frames);
        result = { ok: committedFrames >= frames, frames, validFrames };
        if (result.ok) return result;
      }
      // A log that started again meanwhile holds fewer frames of its new round.
      await nextTurn();
    }
    // Nothing was looked at, so nothing can be said of it.
    if (result === undefined) throw busyError(this.#file.location);
    return result;
  }

  /**
   * True while writers should wait: the log starts again on the other thread, or is nearly at
   * its limit while a checkpoint runs. It ends with that, whatever comes of it.
   */
  get holdsWriters(): boolean {
    return this.#startingAgain || (this.#nearLimit && this.#running > 0);
  }

  /** To be called after every commit. */
  committed(): void {
    this.#commits += 1;
    this.#commitsSince += 1;
    if (this.#closed || this.#file.settings.checkpoints === "commit") return;
    this.#timer ??= setTimeout(() => this.#lookLater(), lookEveryMs).unref();
    if (this.#commitsSince >= this.#commitsToLook) void this.#look();
  }

  /** Goes on with whatever file is at the path from now on. */
  async recycle(): Promise<void> {
    await this.#checkpointer.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#checkpointer.close();
  }

  #lookLater(): void {
    this.#timer = undefined;
    const commits = this.#commits;
    this.#commits = 0;
    void this.#look();
    // One more look after the last commit: what waits then is copied in peace.
    if (commits > 0) this.#timer = setTimeout(() => this.#lookLater(), lookEveryMs).unref();
    else void this.#copyRest();
  }

  async #look(): Promise<void> {
    const counted = this.#countFrames();
    if (counted === undefined) return;
    const { frames, framesCopied } = counted;
    const limit = this.#limitFrames();
    const waitingMax = Math.min(framesWaitingMax, limit * waitingShare);
    this.#planNextLook(frames, waitingMax);
    // At once, and not when a checkpoint that runs is over: the log grows meanwhile.
    this.#nearLimit = frames >= limit * holdAt;
    if (frames > limit * watchAt) this.#guardLimit(frames / limit);
    if (this.#looking || this.#closed) return;
    // Near the limit it is not about what waits: the log has to start again, however little that is.
    if (frames - framesCopied < waitingMax && !this.#nearLimit) return;
    this.#looking = true;
    try {
      if (this.#nearLimit || !this.#heldBack()) await this.#startAgain();
      else await this.checkpoint();
    } catch (error) {
      this.#report(error);
    } finally {
      this.#looking = false;
      this.#nearLimit = false;
    }
  }

  /**
   * What is in the log; undefined when nobody can say, as on a device that
   * failed while the file was opened again. Nobody waits for these looks, so an
   * error of theirs would end the process.
   */
  #countFrames(): LogFrames | undefined {
    try {
      return this.#source.frames();
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  /**
   * Looks again when, at the rate of late, a quarter of what starts a checkpoint
   * was written: a look costs as much as a small statement.
   */
  #planNextLook(frames: number, waitingMax: number): void {
    const written = frames - this.#framesSeen;
    this.#framesSeen = frames;
    // A log that has started again tells nothing of the rate.
    if (written > 0 && this.#commitsSince > 0) {
      const commits = (waitingMax / 4 / written) * this.#commitsSince;
      this.#commitsToLook = Math.min(Math.max(1, commits), commitsPerLookMax);
    }
    this.#commitsSince = 0;
  }

  /** Frames that fill the log to its limit. */
  #limitFrames(): number {
    return this.#file.settings.walLimitBytes / (this.#source.pageBytes() + frameHeaderBytes);
  }

  /** Reports who keeps the log from starting again, and ends them near the limit. */
  #guardLimit(share: number): void {
    const { clock, walLimitBytes, snapshotGraceMs } = this.#file.settings;
    const oldest = this.#source.oldestSnapshot();
    if (oldest === undefined) return;
    if (share >= expireAllAt) this.#source.expireSnapshots(clock());
    else if (share >= expireAt) this.#source.expireSnapshots(clock() - snapshotGraceMs);
    else if (this.#heldBack()) this.#reportHeldBack(oldest, Math.round(share * walLimitBytes));
  }

  /** True when a snapshot is so old that a checkpoint would wait for it in vain. */
  #heldBack(): boolean {
    const oldest = this.#source.oldestSnapshot();
    return oldest !== undefined && this.#file.settings.clock() - oldest.since > heldBackMs;
  }

  /**
   * Copies everything and starts the log again at its beginning. A busy writer always has
   * something more; holding it for the moment in which the rest is copied ends that.
   */
  async #startAgain(): Promise<void> {
    await this.#checkpoint({ mode: "keeping", timeoutMs: 0 });
    if (this.#closed) return;
    this.#startingAgain = true;
    try {
      await this.#checkpoint({ mode: "restart", timeoutMs: restartTimeoutMs });
    } catch (error) {
      if (!AtlasError.is(error) || error.code !== "storage.busy") throw error;
    } finally {
      this.#startingAgain = false;
    }
  }

  async #copyRest(): Promise<void> {
    const counted = this.#countFrames();
    if (this.#closed || counted === undefined) return;
    if (counted.frames - counted.framesCopied < restMin) return;
    try {
      await this.#startAgain();
    } catch (error) {
      this.#report(error);
    }
  }

  async #checkpoint(request: CheckpointRequest): Promise<CheckpointReport> {
    if (this.#closed) throw closedError(this.#file.location);
    const { clock } = this.#file.settings;
    const startedAt = clock();
    this.#running += 1;
    const outcome = await this.#checkpointer.run(request).finally(() => {
      this.#running -= 1;
    });
    const durationMs = clock() - startedAt;
    this.#checkpoints += 1;
    this.#lastCheckpoint = new Date(this.#file.settings.now());
    const { emit, location } = this.#file;
    emit?.({ type: "checkpointed", location, ...outcome, durationMs });
    return { ...outcome, durationMs };
  }

  #reportHeldBack({ id, since }: HeldSnapshot, sizeBytes: number): void {
    const now = this.#file.settings.clock();
    if (now - this.#reportedAt < reportEveryMs) return;
    this.#reportedAt = now;
    const { emit, location } = this.#file;
    emit?.({ type: "wal_held_back", location, id, heldMs: now - since, sizeBytes });
  }

  /** A checkpoint that fails loses nothing: the log is as good as the database file. */
  #report(error: unknown): void {
    const { emit, location } = this.#file;
    emit?.({ type: "checkpoint_failed", location, error });
  }

  #size(): number {
    return statSync(this.#source.logPath, { throwIfNoEntry: false })?.size ?? 0;
  }
}
