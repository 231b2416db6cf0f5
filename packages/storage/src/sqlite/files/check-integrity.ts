import { checkOptions } from "@atlas/errors";
import type { IntegrityOptions, IntegrityReport } from "../../files/integrity.ts";
import type { DataFile } from "../data-file.ts";
import { translateFileError } from "../translate-file-error.ts";
import { taskError } from "./backup.ts";
import { runFileTask } from "./run-file-task.ts";

/** Default of {@link IntegrityOptions}. */
const integrityFindingsMax = 100;

/** Checks one state of a database in a thread. */
export async function checkIntegrity(
  file: DataFile,
  options: IntegrityOptions,
  clock: () => number,
): Promise<IntegrityReport> {
  checkOptions<IntegrityOptions>("checkIntegrity", options, {
    mode: ["quick", "full"],
    findingsMax: { min: 1, max: 10_000 },
  });
  const { mode = "full", findingsMax = integrityFindingsMax } = options;
  const startedAt = clock();
  const busyTimeoutMs = file.settings.acquireTimeoutMs;
  try {
    const input = { database: file.path, mode, findingsMax, busyTimeoutMs };
    const { findings, truncated } = await runFileTask("check", input);
    return { sound: findings.length === 0, findings, truncated, durationMs: clock() - startedAt };
  } catch (cause) {
    throw translateFileError(taskError(cause, file.location), file.path);
  }
}
