import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type {
  NewTask,
  SettableStatus,
  Task,
  TaskManager,
  TaskReference,
  TaskStatus,
} from "../index.ts";

/** What a rule works on: a manager over an empty store. */
export interface TaskRuleFixture {
  readonly tasks: TaskManager;
  /** Moves the manager's clock on by so many milliseconds. */
  readonly advance: (ms: number) => void;
}

/** One promise of `TaskManager`: `check` rejects when it is broken. */
export interface TaskRule {
  /** The promise, as a claim. */
  readonly name: string;
  readonly check: (fixture: TaskRuleFixture) => Promise<void>;
}

/** Plans, and holds no leases. @internal */
export const ann = { actor: "ann" } as const;
/** Works. @internal */
export const bob = { actor: "bob" } as const;
/** Works beside bob. @internal */
export const eve = { actor: "eve" } as const;

/** Creates tasks whose names are their paths. @internal */
export async function plan(
  tasks: TaskManager,
  ...wanted: readonly (string | (Omit<NewTask, "name"> & { readonly path: string }))[]
): Promise<readonly Task[]> {
  const inputs = wanted.map((each): NewTask => {
    const input = typeof each === "string" ? { path: each } : each;
    return { ...input, name: input.path };
  });
  return (await tasks.create(inputs, ann)).tasks;
}

/** @internal */
export async function one(tasks: TaskManager, reference: TaskReference): Promise<Task> {
  return (await tasks.get([reference]))[0]!;
}

/** @internal */
export async function statusesOf(
  tasks: TaskManager,
  ...references: readonly TaskReference[]
): Promise<readonly TaskStatus[]> {
  return (await tasks.get(references)).map(({ status }) => status);
}

/** Sets one status after the other. @internal */
export async function set(
  tasks: TaskManager,
  reference: TaskReference,
  ...statuses: readonly SettableStatus[]
): Promise<void> {
  for (const status of statuses) await tasks.update([{ task: reference, status }], ann);
}

/** Rejects unless `work` is refused with `code` and the store is as it was. @internal */
export async function refused(
  tasks: TaskManager,
  code: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = await everything(tasks);
  await assert.rejects(work(), (error) => {
    assert.ok(AtlasError.is(error), `not an AtlasError: ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
  assert.deepEqual(await everything(tasks), before);
}

/** The paths of tasks. @internal */
export function pathsOf(list: readonly Task[]): readonly string[] {
  return list.map(({ path }) => path);
}

/** @internal */
export async function sound(tasks: TaskManager): Promise<void> {
  assert.deepEqual(await tasks.verify(), []);
}

async function everything(tasks: TaskManager): Promise<readonly Task[]> {
  const all: Task[] = [];
  for await (const task of tasks.export()) all.push(task);
  return all;
}
