import { statSync } from "node:fs";
import { chmod, rename, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { SnapshotOptions, SnapshotReport } from "../../file-manager.ts";
import { syncDirectory } from "../log-sync.ts";
import { translateFileError } from "../translate-file-error.ts";
import { temporaryBeside } from "./atomic-write.ts";
import { refuseTarget, taskError, type CopyHost, type CopyOrder } from "./backup.ts";
import { removeCopy } from "./remove-copy.ts";
import { runFileTask } from "./run-file-task.ts";

/** Writes one state of the database into a new file, checks it and puts it in place. */
export async function snapshotDatabase(
  host: CopyHost,
  { file, target }: CopyOrder,
  options: SnapshotOptions,
): Promise<SnapshotReport> {
  checkOptions<SnapshotOptions>("snapshot", options, { overwrite: "any", signal: "any" });
  const { overwrite = false, signal } = options;
  const startedAt = host.clock();
  const path = resolve(target);
  refuseTarget(file, path, overwrite);
  const copy = temporaryBeside(path, host.createId());
  const busyTimeoutMs = file.settings.acquireTimeoutMs;
  try {
    const input = { database: file.path, copy, busyTimeoutMs };
    const { problems, rows } = await runFileTask("snapshot", input, { signal });
    if (problems.length > 0) throw unsound(path, problems);
    await chmod(copy, statSync(file.path).mode & 0o666);
    refuseTarget(file, path, overwrite);
    await rename(copy, path);
    syncDirectory(dirname(path));
    const { size } = await stat(path);
    return { path, bytes: size, rows, durationMs: host.clock() - startedAt };
  } catch (cause) {
    await removeCopy(copy);
    throw translateFileError(taskError(cause, file.location), path);
  }
}

function unsound(path: string, problems: readonly string[]): Error {
  return storageError(
    "storage.backup_invalid",
    `The snapshot for ${path} is not sound and was removed. Check the database and the disk.`,
    { details: { path, problems } },
  );
}
