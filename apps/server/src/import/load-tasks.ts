import { analyze, AtlasError } from "@atlas/errors";
import type { CreateAllOptions, NewTask, TaskManager } from "@atlas/tasks";
import { readJsonLines } from "./read-json-lines.ts";

/** What to load and how. */
export interface LoadRequest {
  /** A file of JSON Lines, a task as `task_create` takes it on each. */
  readonly path: string;
  readonly actor: string;
  readonly options: Pick<CreateAllOptions, "job" | "onProgress" | "signal" | "strategy">;
}

/** What became of a file. */
export interface LoadReport {
  readonly created: number;
  /** Refused or failed, lines without a value included. */
  readonly failed: number;
  /** True when it was stopped before the end of the file. */
  readonly stopped: boolean;
  /** What went wrong, by line: a thousand refused tasks and a thousand corrupt lines at most. */
  readonly failures: readonly LoadFailure[];
}

/** One line that became no task. */
export interface LoadFailure {
  readonly line: number;
  readonly code: string;
  readonly reason: string;
}

/**
 * Creates the tasks of a file.
 *
 * @throws {AtlasError} batch.job_taken, batch.input_differs, and what reading the file fails with
 */
export async function loadTasks(
  tasks: TaskManager,
  { path, actor, options }: LoadRequest,
): Promise<LoadReport> {
  const { values, lineOf, corrupt } = readJsonLines(path);
  // Whatever the values are, the task manager refuses what is no task.
  const result = await tasks.createAll(values as AsyncIterable<NewTask>, { actor }, options);
  if (result.stopped === "inputFailed" || result.stopped === "failed") throw result.stopError;
  const notJson = corrupt.lines.map((line): LoadFailure => {
    return { line, code: "validation.failed", reason: "The line is not valid JSON." };
  });
  const failures = result.failures.map(({ index, error }): LoadFailure => {
    const { code } = analyze(error);
    const reason = AtlasError.is(error) ? error.message : "The task was not created.";
    return { line: lineOf(index), code, reason };
  });
  const { succeeded, skipped, failed, rolledBack } = result.counts;
  return {
    created: succeeded,
    failed: skipped + failed + rolledBack + corrupt.count,
    stopped: result.stopped !== undefined,
    failures: [...notJson, ...failures].toSorted((a, b) => a.line - b.line),
  };
}
