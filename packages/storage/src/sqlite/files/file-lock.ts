/**
 * A lock between processes that no crash leaves behind: the write lock of a
 * small SQLite file. The operating system drops it with the process, and SQLite
 * itself knows when two connections of one process ask for it. Files that only
 * say "locked" by existing would outlive a crash, and ids of processes in them
 * are used again.
 */
import { resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { FileLock, LockOptions } from "../../file-manager.ts";
import { openRaw } from "../data-file.ts";
import type { Driver, Handle } from "../driver.ts";
import { waitRange } from "../open-options.ts";
import { isBusy, translateError } from "../translate-error.ts";
import { busyError, waitWhileBusy } from "../wait-while-busy.ts";

/** What a lock needs from its surroundings. */
export interface LockHost {
  readonly driver: Driver;
  readonly clock: () => number;
  readonly random: () => number;
}

/** Default of {@link LockOptions}. */
const lockTimeoutMs = 30_000;

/** Takes the lock at `path`, which is made when it does not exist. */
export async function lockFile(
  host: LockHost,
  path: string,
  options: LockOptions,
): Promise<FileLock> {
  checkOptions<LockOptions>("lock", options, {
    timeoutMs: waitRange,
    signal: "any",
  });
  const { clock, random } = host;
  const place = { driver: host.driver, path: resolve(path), location: path };
  const handle = openRaw(place, "writer");
  try {
    const deadline = {
      at: clock() + (options.timeoutMs ?? lockTimeoutMs),
      signal: options.signal,
    };
    const wait = { location: path, clock, random, emit: undefined };
    await waitWhileBusy(wait, deadline, () => takeLock(handle, path));
  } catch (error) {
    handle.close();
    throw held(error, path);
  }
  const release = async (): Promise<void> => {
    handle.close();
  };
  return Object.freeze({ path, release, [Symbol.asyncDispose]: release });
}

function takeLock(handle: Handle, path: string): void {
  try {
    handle.pragma("busy_timeout = 0");
    handle.exec("begin exclusive");
  } catch (cause) {
    if (isBusy(cause)) throw busyError(path, cause);
    throw translateError(cause, { during: "open", location: path });
  }
}

function held(error: unknown, path: string): unknown {
  if ((error as { readonly code?: unknown }).code !== "storage.busy") return error;
  return storageError(
    "storage.file_busy",
    `The lock ${path} was held by someone else until the time allowed was over. Try again later.`,
    { cause: error, details: { path } },
  );
}
