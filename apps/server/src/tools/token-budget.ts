import type { Task } from "@atlas/tasks";
import { type TaskDetail, type TaskView, viewOf } from "./task-view.ts";

/** Bytes of JSON that count as one token. */
export const bytesPerToken = 4;

/** Tokens that an answer takes unless the call says otherwise. */
export const maxTokensDefaults: { readonly list: 2_000; readonly read: 10_000 } = Object.freeze({
  list: 2_000,
  read: 10_000,
});

/** What the frame of an answer takes: names, brackets, total and cursor. */
const frameBytes = 400;

/** Where a text was cut stands how much is missing. */
const cutMark = (missing: number): string => `… [${missing} more characters]`;

/** Views of tasks, from the first on, as many as fit; always at least one. */
export function viewsWithin(
  tasks: readonly Task[],
  detail: TaskDetail,
  maxTokens: number,
): readonly TaskView[] {
  let left = maxTokens * bytesPerToken - frameBytes;
  const views: TaskView[] = [];
  for (const task of tasks) {
    const view = viewOf(task, detail);
    const bytes = bytesOf(view) + 1;
    if (bytes > left) {
      // One task is always given, cut if need be, or the cursor would never move.
      if (views.length === 0) views.push(cutToFit(task, left));
      break;
    }
    left -= bytes;
    views.push(view);
  }
  return views;
}

/** Views of all tasks; those that no longer fit are brief, and the first is cut if need be. */
export function allViewsWithin(
  tasks: readonly Task[],
  detail: TaskDetail,
  maxTokens: number,
): readonly TaskView[] {
  const fitting = viewsWithin(tasks, detail, maxTokens);
  return [...fitting, ...tasks.slice(fitting.length).map((task) => viewOf(task, "brief"))];
}

/** Bytes of a value as JSON. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The brief view, with as much of the description as there is room for. */
function cutToFit(task: Task, bytes: number): TaskView {
  const brief = viewOf(task, "brief");
  const room = bytes - bytesOf(brief) - 64;
  if (room < 100 || task.description === "") return brief;
  // Characters may take several bytes, so the share is measured and not guessed.
  const share = Math.min(1, room / bytesOf(task.description));
  const kept = Math.floor(task.description.length * share);
  const missing = task.description.length - kept;
  const description = task.description.slice(0, kept) + (missing > 0 ? cutMark(missing) : "");
  return { ...brief, description };
}
