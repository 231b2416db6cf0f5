/**
 * Watches the space on a disk and keeps some of it in reserve: a ballast file.
 *
 * On a full disk even deleting fails, because SQLite writes the change to the
 * log first. Giving up the ballast makes room for exactly that: deleting rows,
 * copying the log into the file. It is taken again once there is enough space
 * for it and for what counts as low besides, so that taking it is not what
 * makes the disk low.
 */
import { join } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../errors.ts";
import { translateFileError } from "../sqlite/translate-file-error.ts";
import { ballastBytes, dropBallast, takeBallast } from "./ballast.ts";
import { diskSpace } from "./disk-space.ts";
import { delayMsMax, processTimers, type Timers } from "./timers.ts";

/** What is watched. */
export interface WatchDiskOptions {
  /** The directory of the data; the ballast is kept in it. */
  readonly path: string;
  /** Space in reserve, up to 1 TiB; 0 for none. Default: 67,108,864 (64 MiB). */
  readonly ballastBytes?: number;
  /** Free space below which the disk counts as low. Default: 268,435,456 (256 MiB). */
  readonly lowBytes?: number;
  /**
   * Free space below which it counts as full, and the ballast is given up
   * without being asked. Default: 1,048,576 (1 MiB), or `lowBytes` if that is less.
   */
  readonly fullBytes?: number;
  /** Time between two looks in milliseconds. Default: 10,000. */
  readonly everyMs?: number;
  /** The disk has become low. Errors of the three callbacks are ignored. */
  readonly onLow?: (status: DiskStatus) => void;
  /** The disk is full, and the ballast was given up: clean up now. */
  readonly onFull?: (status: DiskStatus) => void;
  /** There is enough space again, and the ballast is in place. */
  readonly onRecovered?: (status: DiskStatus) => void;
  /** A look failed, so nothing is known. */
  readonly onError?: (error: unknown) => void;
  /** Default: timers of the process that do not keep it alive. */
  readonly timers?: Timers;
}

/** What was seen at the last look. */
export interface DiskStatus {
  readonly state: "enough" | "low" | "full";
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Space that the ballast takes; 0 while it is given up. */
  readonly ballastBytes: number;
}

/** A disk that is watched. */
export interface DiskWatch extends AsyncDisposable {
  /** Undefined before the first look. */
  readonly status: DiskStatus | undefined;
  /**
   * Looks now, takes or gives up the ballast and tells who listens.
   *
   * @throws {AtlasError} what the file system says
   */
  check(): Promise<DiskStatus>;
  /**
   * Gives the ballast up now: the answer to storage.disk_full. False when it
   * was given up already.
   */
  releaseBallast(): Promise<boolean>;
  /** Ends watching. The ballast stays for the next run. Twice is harmless. */
  stop(): Promise<void>;
}

/** Defaults of {@link WatchDiskOptions}. */
export const watchDiskDefaults: Readonly<{
  ballastBytes: number;
  lowBytes: number;
  fullBytes: number;
  everyMs: number;
}> = Object.freeze({
  ballastBytes: 64 * 1024 * 1024,
  lowBytes: 256 * 1024 * 1024,
  fullBytes: 1024 * 1024,
  everyMs: 10_000,
});

/** Largest size of an option, 1 TiB. */
const bytesMax = 1_099_511_627_776;

/** The name of the ballast in its directory. */
const ballastName = ".atlas-ballast";

/** Watches a disk until it is told to stop; the first look is begun at once. */
export function watchDisk(options: WatchDiskOptions): DiskWatch {
  const range = { min: 0, max: bytesMax };
  checkOptions<WatchDiskOptions>("watchDisk", options, {
    path: "any",
    ballastBytes: range,
    lowBytes: range,
    fullBytes: range,
    everyMs: { min: 1, max: delayMsMax },
    onLow: "any",
    onFull: "any",
    onRecovered: "any",
    onError: "any",
    timers: "any",
  });
  const { lowBytes = watchDiskDefaults.lowBytes } = options;
  const fullBytes = options.fullBytes ?? Math.min(watchDiskDefaults.fullBytes, lowBytes);
  if (fullBytes > lowBytes) throw fullAboveLow();
  return new Watch({ ...options, lowBytes, fullBytes });
}

/** Options with the limits filled in. */
type WatchSettings = WatchDiskOptions & { readonly lowBytes: number; readonly fullBytes: number };

class Watch implements DiskWatch {
  readonly #options: WatchSettings;
  readonly #ballast: string;
  readonly #ballastBytes: number;
  #status: DiskStatus | undefined;
  /** Looks and releases take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: WatchSettings) {
    this.#options = options;
    this.#ballast = join(options.path, ballastName);
    this.#ballastBytes = options.ballastBytes ?? watchDiskDefaults.ballastBytes;
    void this.#lookAndPlan();
  }

  get status(): DiskStatus | undefined {
    return this.#status;
  }

  check(): Promise<DiskStatus> {
    return this.#inTurn(() => this.#look());
  }

  releaseBallast(): Promise<boolean> {
    return this.#inTurn(() => dropBallast(this.#ballast));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#turn.catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #lookAndPlan(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      tell(this.#options.onError, error);
    }
    if (this.#stopped) return;
    const { timers = processTimers, everyMs = watchDiskDefaults.everyMs } = this.#options;
    this.#cancelTimer = timers.after(everyMs, () => void this.#lookAndPlan());
  }

  async #look(): Promise<DiskStatus> {
    const { lowBytes, fullBytes } = this.#options;
    const before = this.#status?.state ?? "enough";
    let { freeBytes } = await diskSpace(this.#options.path);
    if (freeBytes < fullBytes) {
      await dropBallast(this.#ballast);
      return this.#become("full", before);
    }
    const missing = this.#ballastBytes - (await ballastBytes(this.#ballast));
    if (missing !== 0 && freeBytes - missing >= lowBytes) {
      await takeBallast(this.#ballast, this.#ballastBytes);
      ({ freeBytes } = await diskSpace(this.#options.path));
    }
    const inPlace = (await ballastBytes(this.#ballast)) >= this.#ballastBytes;
    if (freeBytes >= lowBytes && inPlace) return this.#become("enough", before);
    // What was full stays so until it has recovered: between the two nothing was cleaned up.
    return this.#become(before === "full" ? "full" : "low", before);
  }

  async #become(state: DiskStatus["state"], before: DiskStatus["state"]): Promise<DiskStatus> {
    const { freeBytes, totalBytes } = await diskSpace(this.#options.path);
    const inReserve = await ballastBytes(this.#ballast);
    const status = { state, freeBytes, totalBytes, ballastBytes: inReserve };
    this.#status = status;
    if (state === before) return status;
    const { onLow, onFull, onRecovered } = this.#options;
    tell({ low: onLow, full: onFull, enough: onRecovered }[state], status);
    return status;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work).catch((cause: unknown) => {
      throw translateFileError(cause, this.#options.path);
    });
    this.#turn = run.catch(() => undefined);
    return run;
  }
}

function tell<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value);
  } catch {
    // A listener is told, not asked.
  }
}

function fullAboveLow(): Error {
  return storageError(
    "configuration.invalid_option",
    'The option "fullBytes" of watchDisk must not be more than "lowBytes".',
    { details: { owner: "watchDisk", option: "fullBytes" } },
  );
}
