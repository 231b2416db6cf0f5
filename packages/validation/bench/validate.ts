/**
 * What validation costs beside the schema library alone. Both sides take turns
 * over the same part of the items, so that whatever else the machine does meets
 * both. Prints one JSON line per case; `--case <name>` runs one.
 *
 * validate-1m: 1,000,000 tasks through schema and two rules, one of them with a
 * load, against `safeParse` in a loop that keeps its results.
 * validate-update: updates of one field with `changedFieldsOf`, against the same
 * rules, two of which look into a database, run on every one of them.
 * validate-one: single items, each awaited, against `safeParse`.
 * validate-memory: the heap while 1,000,000 items stream, against 10,000.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { changedFieldsOf, createValidationCoordinator } from "@atlas/validation";
import { noUnknownDependency, noUnknownParent, openTaskStore } from "./support/stored-tasks.ts";
import {
  noCancelledDependency,
  noOwnDependency,
  type Task,
  taskInput,
  taskInputs,
  taskSchema,
} from "./support/tasks.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const partSize = 10_000;
const rules = [noOwnDependency, noCancelledDependency];
const tasks = createValidationCoordinator(taskSchema, { rules });
const context: ReadonlySet<string> = new Set(["t-cancelled"]);

const { values: given } = parseArgs({
  options: { case: { type: "string" }, items: { type: "string", default: "1000000" } },
});
const items = Number(given.items);
const cases: Readonly<Record<string, () => Promise<object>>> = {
  "validate-1m": validateMany,
  "validate-update": validateUpdates,
  "validate-one": validateSingly,
  "validate-memory": validateStream,
};
for (const [name, run] of Object.entries(cases)) {
  if (given.case !== undefined && given.case !== name) continue;
  const line = { bench: "validation", case: name, ...(await run()) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function validateMany(): Promise<object> {
  const schemaOnly = createValidationCoordinator(taskSchema);
  const ms = await alternate(items, {
    peer: safeParseAll,
    atlas: async (part) => ok(await tasks.validateMany(part, { context })),
    schemaOnly: async (part) => ok(await schemaOnly.validateMany(part)),
  });
  return {
    ...compared(items, ms, "zod's safeParse in a loop"),
    schemaOnly: rate(items, ms["schemaOnly"]!),
    items,
  };
}

async function validateUpdates(): Promise<object> {
  const database = openTaskStore(partSize);
  const updates = createValidationCoordinator(taskSchema, {
    rules: [noOwnDependency, noUnknownDependency, noUnknownParent],
  });
  // What is stored comes out of a database: equal, and never the same objects.
  const stored = new Map<string, Task>();
  const prepare = (part: readonly unknown[]): void => {
    stored.clear();
    for (const input of part) {
      const before = { ...taskSchema.parse(input), name: "before" };
      stored.set(before.id, before);
    }
  };
  const changedFields = (task: Task) => changedFieldsOf<Task>(stored.get(task.id), task);
  const sides = {
    peer: async (part: readonly unknown[]) =>
      ok(await updates.validateMany(part, { context: database })),
    atlas: async (part: readonly unknown[]) =>
      ok(await updates.validateMany(part, { context: database, changedFields })),
  };
  const ms = await alternate(items / 10, sides, { prepare, fixed: true });
  database.close();
  return { ...compared(items / 10, ms, "every rule on every update"), items: items / 10 };
}

async function validateSingly(): Promise<object> {
  const ms = await alternate(items / 10, {
    peer: safeParseAll,
    atlas: async (part) => {
      for (const input of part) {
        if (!(await tasks.validate(input, { context })).ok) throw new Error("Not valid.");
      }
    },
  });
  return { ...compared(items / 10, ms, "zod's safeParse in a loop"), items: items / 10 };
}

async function validateStream(): Promise<object> {
  const few = await heapOf(Math.min(10_000, items));
  const many = await heapOf(items);
  return {
    atlas: many,
    peer: few,
    peerName: "a stream of 10,000 items",
    unit: "MB of heap at most, garbage counted",
    ratio: Number((few / many).toFixed(3)),
    items,
  };
}

async function heapOf(count: number): Promise<number> {
  function* inputs(): Generator<unknown> {
    for (let n = 0; n < count; n += 1) yield taskInput(n);
  }
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let peak = 0;
  for await (const batch of tasks.validateStream(inputs(), { context })) {
    ok(batch);
    peak = Math.max(peak, process.memoryUsage().heapUsed - before);
  }
  return Number((peak / 2 ** 20).toFixed(1));
}

/** The parts that both sides are given. */
interface Parts {
  /** Called before each part, outside of what is measured. */
  readonly prepare?: (part: readonly unknown[]) => void;
  /** True for the same items in each part. Default: false. */
  readonly fixed?: boolean;
}

/** Runs the sides in turn on each part. */
async function alternate(
  count: number,
  sides: Readonly<Record<string, (part: readonly unknown[]) => Promise<void> | void>>,
  { prepare, fixed = false }: Parts = {},
): Promise<Readonly<Record<string, number>>> {
  const ms: Record<string, number> = {};
  const names = Object.keys(sides);
  for (let from = -2 * partSize; from < count; from += partSize) {
    const part = taskInputs(fixed ? 0 : Math.max(0, from), partSize);
    prepare?.(part);
    // Who is first in a turn is last in the next.
    for (const name of names.reverse()) {
      const startedAt = performance.now();
      await sides[name]!(part);
      // The first two parts only warm up.
      if (from >= 0) ms[name] = (ms[name] ?? 0) + performance.now() - startedAt;
    }
  }
  return ms;
}

function safeParseAll(part: readonly unknown[]): void {
  const results = [];
  for (const input of part) results.push(taskSchema.safeParse(input));
  if (!results.every(({ success }) => success)) throw new Error("Not valid.");
}

function ok({ ok: valid }: { readonly ok: boolean }): void {
  if (!valid) throw new Error("Not valid.");
}

function compared(count: number, ms: Readonly<Record<string, number>>, peerName: string): object {
  const [atlas, peer] = [ms["atlas"]!, ms["peer"]!];
  return {
    atlas: rate(count, atlas),
    peer: rate(count, peer),
    peerName,
    unit: "items/s",
    ratio: Number((peer / atlas).toFixed(3)),
    microsecondsPerItem: Number(((atlas * 1_000) / count).toFixed(2)),
  };
}

function rate(count: number, ms: number): number {
  return Math.round((count * 1_000) / ms);
}
