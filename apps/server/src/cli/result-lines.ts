import type { TaskChange } from "@atlas/tasks";
import type { TaskView } from "../tools/task-view.ts";
import type { ToolResult } from "../tools/tool.ts";

/** The result of a tool as lines for people. */
export function resultLines(result: ToolResult): string {
  const { tasks, changes, deleted, failures, nextCursor, total } = result;
  const lines: string[] = [];
  // The forms are those that the handlers of the tools give.
  if (Array.isArray(tasks)) lines.push(...taskLines(tasks as readonly TaskView[]));
  if (Array.isArray(changes)) lines.push(...(changes as readonly TaskChange[]).map(changeLine));
  if (Array.isArray(deleted)) lines.push(`Deleted ${deleted.join(", ")}`);
  if (Array.isArray(failures))
    lines.push(...failures.map(({ index, message }) => `Item ${index + 1} failed: ${message}`));
  if (typeof total === "number") lines.push(`${total} in all`);
  if (typeof nextCursor === "string") lines.push(`More: --cursor ${nextCursor}`);
  return lines.length === 0 ? fieldLines(result).join("\n") : lines.join("\n");
}

/** An object as indented `name: value` lines. */
export function fieldLines(value: object, indent = ""): string[] {
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part === "object" && part !== null
      ? [`${indent}${name}:`, ...fieldLines(part, `${indent}  `)]
      : [`${indent}${name}: ${String(part)}`],
  );
}

function taskLines(tasks: readonly TaskView[]): string[] {
  if (tasks.length === 0) return ["No tasks."];
  const rows = tasks.map(({ id, path, status = "", priority = "", name = "" }) => [
    id,
    status,
    priority,
    path,
    name,
  ]);
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return tasks.flatMap((task, at) => [
    (rows[at] ?? []).map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "),
    ...noteLines(task),
  ]);
}

function noteLines({ lease, description, progress }: TaskView): string[] {
  return [
    ...(lease
      ? [`    held by ${lease.holder} until ${lease.expiresAt}, lease ${lease.token}`]
      : []),
    ...(progress === undefined ? [] : [`    ${progress} % done`]),
    ...(description ? description.split("\n").map((line) => `    ${line}`) : []),
  ];
}

function changeLine({ at, actor, kind, version, fields }: TaskChange): string {
  const parts = Object.entries(fields).map(
    ([name, { before, after }]) => `${name}: ${shown(before)} → ${shown(after)}`,
  );
  const changed = kind === "updated" ? parts.join(", ") : "";
  return `${at}  v${version}  ${actor}  ${kind}  ${changed}`.trim();
}

function shown(value: unknown): string {
  return value === undefined ? "–" : JSON.stringify(value);
}
