import { taskError } from "./errors.ts";
import { freePath, joinPath, parentPathOf, parsePath, slugOf } from "./task-path.ts";
import type { CheckedNewTask } from "./task-schemas.ts";
import { findRow, rowByPath, type TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";

/** A new task with its place in the tree. @internal */
export interface PlacedTask {
  /** Position in the call. */
  readonly index: number;
  readonly input: CheckedNewTask;
  readonly id: string;
  readonly path: string;
  /** The task above: one of this call, one of the store, or none. */
  readonly parent: PlacedTask | TaskRow | null;
}

/** @internal */
export function isPlaced(parent: PlacedTask | TaskRow): parent is PlacedTask {
  return "input" in parent;
}

/** The placed tasks, parents before children, and how to find one by path. @internal */
export interface Placement {
  readonly tasks: readonly PlacedTask[];
  find(path: string): PlacedTask | undefined;
}

/**
 * Finds the place of every new task. They may refer to each other's paths in
 * any order, so those whose parent is not placed yet are tried again until no
 * round places any.
 *
 * @throws {AtlasError} task.parent_not_found, task.path_taken, task.path_invalid, task.too_deep
 * @internal
 */
export async function placeTasks(
  store: TaskStore,
  inputs: readonly CheckedNewTask[],
): Promise<Placement> {
  for (const { path, parent } of inputs)
    if (path !== undefined && parent === undefined) parsePath(path);
  const placer = new Placer(store, inputs);
  let waiting = inputs.map((input, index) => ({ input, index }));
  while (waiting.length > 0) {
    const left: typeof waiting = [];
    for (const item of waiting)
      if (!(await placer.tryPlace(item.input, item.index))) left.push(item);
    if (left.length === waiting.length) throw placer.parentMissing(left[0]!.input);
    waiting = left;
  }
  return { tasks: placer.placed, find: (path) => placer.byPath.get(path) };
}

class Placer {
  readonly placed: PlacedTask[] = [];
  readonly byPath: Map<string, PlacedTask> = new Map();
  readonly #store: TaskStore;
  /** Paths that some task of the call asks for. */
  readonly #wanted: ReadonlySet<string>;
  readonly #stored: Map<string, TaskRow | undefined> = new Map();
  readonly #numbers: Map<string, number> = new Map();

  constructor(store: TaskStore, inputs: readonly CheckedNewTask[]) {
    this.#store = store;
    this.#wanted = new Set(inputs.flatMap(({ path }) => (path === undefined ? [] : [path])));
  }

  /** False when the parent is not there yet. */
  async tryPlace(input: CheckedNewTask, index: number): Promise<boolean> {
    const reference = parentReference(input);
    let parent: PlacedTask | TaskRow | null = null;
    if (reference !== null) {
      const found = this.byPath.get(reference) ?? (await this.#findStored(reference));
      if (found === undefined) return false;
      parent = found;
    }
    const path =
      input.path === undefined
        ? await this.#freePath(parent, slugOf(input.name))
        : await this.#askedPath(parent, input.path);
    const task: PlacedTask = { index, input, id: this.#store.createId(), path, parent };
    this.byPath.set(path, task);
    this.placed.push(task);
    return true;
  }

  parentMissing(input: CheckedNewTask): Error {
    const reference = parentReference(input) ?? "";
    return taskError(
      "task.parent_not_found",
      `There is no task "${reference.slice(0, 200)}" to put "${input.name.slice(0, 80)}" under. ` +
        "Create it first, or in the same call.",
      { details: { parent: reference.slice(0, 200) } },
    );
  }

  async #findStored(reference: string): Promise<TaskRow | undefined> {
    // A path of this call comes first: it is only not placed yet.
    if (this.#wanted.has(reference)) return undefined;
    if (!this.#stored.has(reference))
      this.#stored.set(reference, await findRow(this.#store, reference));
    return this.#stored.get(reference);
  }

  async #askedPath(parent: PlacedTask | TaskRow | null, asked: string): Promise<string> {
    const path = asked.includes("/") ? asked : joinPath(parent?.path ?? null, asked);
    parsePath(path);
    if (parentPathOf(path) !== (parent?.path ?? null))
      throw taskError(
        "task.path_invalid",
        `The path "${path.slice(0, 200)}" does not lie directly under the given parent ` +
          `"${parent?.path ?? ""}". Leave out one of the two.`,
      );
    if (this.byPath.has(path) || (await rowByPath(this.#store, path)) !== undefined)
      throw pathTaken(path);
    return path;
  }

  /** The segment itself, or with a number that nobody has. */
  async #freePath(parent: PlacedTask | TaskRow | null, segment: string): Promise<string> {
    const base = joinPath(parent?.path ?? null, segment);
    parsePath(base);
    const isTaken = async (path: string): Promise<boolean> =>
      this.byPath.has(path) ||
      this.#wanted.has(path) ||
      (await rowByPath(this.#store, path)) !== undefined;
    const { path, number } = await freePath(base, isTaken, this.#numbers.get(base));
    this.#numbers.set(base, number + 1);
    return path;
  }
}

function pathTaken(path: string): Error {
  return taskError(
    "task.path_taken",
    `The path "${path}" is taken. Choose another, or update the task that has it.`,
    { details: { path } },
  );
}

function parentReference(input: CheckedNewTask): string | null {
  if (input.parent !== undefined) return input.parent;
  return input.path === undefined ? null : parentPathOf(input.path);
}
