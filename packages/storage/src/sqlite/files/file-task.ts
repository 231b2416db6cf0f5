/**
 * Work on files that runs in a thread of its own, because one statement of it
 * can take seconds. Modules of tasks import no other package: the thread has
 * only what stands beside it.
 */
import type { BackupInput, BackupOutcome } from "./backup-task.ts";
import type { Driver } from "../driver.ts";
import type { CheckInput } from "./check-task.ts";
import type { Damage } from "./find-damage.ts";
import type { Digests } from "./pack-file.ts";
import type { SnapshotInput, SnapshotOutcome } from "./snapshot-task.ts";
import type { UnpackInput, UnpackOutcome } from "./unpack-task.ts";
import type { VerifyStoredInput } from "./verify-stored-task.ts";

/** What each task takes and gives. */
export interface FileTasks {
  readonly backup: readonly [BackupInput, BackupOutcome];
  readonly check: readonly [CheckInput, Damage];
  readonly snapshot: readonly [SnapshotInput, SnapshotOutcome];
  readonly unpack: readonly [UnpackInput, UnpackOutcome];
  readonly verifyStored: readonly [VerifyStoredInput, Digests];
}

/** What a task has of the one who started it. */
export interface TaskHost {
  readonly driver: Driver;
  /** Throws once the caller has given up. */
  readonly throwIfCancelled: () => void;
  readonly report: (done: number, total: number) => void;
}

/** A task as it runs in its thread. */
export type FileTask<Name extends keyof FileTasks> = (
  host: TaskHost,
  input: FileTasks[Name][0],
) => FileTasks[Name][1] | Promise<FileTasks[Name][1]>;
