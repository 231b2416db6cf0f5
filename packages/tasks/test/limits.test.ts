import { AtlasError } from "@atlas/errors";
import { type ImportedTask, type NewTask, taskLimits, type TaskManager } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };

/** A call that needs `size` of what is limited, and the code when that is too much. */
interface Limit {
  readonly use: (tasks: TaskManager, size: number) => Promise<unknown>;
  readonly code:
    | "validation.failed"
    | "task.limit_exceeded"
    | "task.too_deep"
    | "task.path_invalid";
}

const text = (size: number): string => "x".repeat(size);
const list = <T>(size: number, make: (at: number) => T): T[] =>
  Array.from({ length: size }, (_, at) => make(at));
const create = (tasks: TaskManager, task: Partial<NewTask>): Promise<unknown> =>
  tasks.create([{ name: "a", ...task }], ann);
const take = (tasks: TaskManager, records: readonly ImportedTask[]): Promise<unknown> =>
  tasks
    .import(records, ann, { source: "s", into: "in", onInvalid: "reject-all" })
    .catch((error) => {
      // The records are to be bad; only the limit counts here.
      if (!AtlasError.is(error) || error.code !== "task.import_rejected") throw error;
    });
const claim = (tasks: TaskManager, leaseMs: number): Promise<unknown> =>
  tasks.claimNext({ leaseMs }, ann);

const limits: Readonly<Record<Exclude<keyof typeof taskLimits, "leaseMinMs">, Limit>> = {
  nameLengthMax: {
    use: (tasks, size) => create(tasks, { name: text(size) }),
    code: "validation.failed",
  },
  segmentLengthMax: {
    use: (tasks, size) => create(tasks, { path: "𠮷".repeat(size) }),
    code: "task.path_invalid",
  },
  depthMax: {
    use: (tasks, size) => {
      const paths = list(size, (at) => list(at + 1, () => "a").join("/"));
      return tasks.create(
        paths.map((path) => ({ name: "a", path })),
        ann,
      );
    },
    code: "task.too_deep",
  },
  descriptionLengthMax: {
    use: (tasks, size) => create(tasks, { description: text(size) }),
    code: "validation.failed",
  },
  reasoningLengthMax: {
    use: (tasks, size) => create(tasks, { reasoning: text(size) }),
    code: "validation.failed",
  },
  noteLengthMax: {
    use: (tasks, size) => create(tasks, { notes: [{ kind: "progress", text: text(size) }] }),
    code: "validation.failed",
  },
  notesMax: {
    use: async (tasks, size) => {
      const notes = list(size - 1, (at) => ({ kind: "progress", text: `${at}` }) as const);
      await create(tasks, { notes });
      return tasks.update([{ task: "a", addNotes: [{ kind: "progress", text: "last" }] }], ann);
    },
    code: "task.limit_exceeded",
  },
  tagLengthMax: {
    use: (tasks, size) => create(tasks, { tags: [text(size)] }),
    code: "validation.failed",
  },
  tagsMax: {
    use: (tasks, size) => create(tasks, { tags: list(size, (at) => `t${at}`) }),
    code: "validation.failed",
  },
  dependenciesMax: {
    use: async (tasks, size) => {
      const paths = list(size, (at) => `d${at}`);
      await tasks.create(
        paths.map((path) => ({ name: path, path })),
        ann,
      );
      await create(tasks, { dependencies: paths.slice(1) });
      return tasks.update([{ task: "a", addDependencies: ["d0"] }], ann);
    },
    code: "task.limit_exceeded",
  },
  metadataLengthMax: {
    use: async (tasks, size) => {
      await create(tasks, { metadata: { a: "" } });
      // {"a":"","b":"…"}
      const metadata = { b: text(size - 15) };
      return tasks.update([{ task: "a", metadata }], ann);
    },
    code: "task.limit_exceeded",
  },
  actorLengthMax: {
    use: (tasks, size) => tasks.create([{ name: "a" }], { actor: text(size) }),
    code: "validation.failed",
  },
  queryLengthMax: {
    use: (tasks, size) => tasks.list({ query: text(size) }),
    code: "validation.failed",
  },
  externalIdLengthMax: {
    use: (tasks, size) => tasks.import([], ann, { source: text(size), into: "in" }),
    code: "task.limit_exceeded",
  },
  recordsMax: {
    use: (tasks, size) =>
      take(
        tasks,
        list(size, () => ({ name: "", externalId: "1" })),
      ),
    code: "task.limit_exceeded",
  },
  itemsMax: {
    use: (tasks, size) =>
      tasks.create(
        list(size, (at) => ({ name: `${at}` })),
        ann,
      ),
    code: "task.limit_exceeded",
  },
  pageMax: { use: (tasks, size) => tasks.list({}, { limit: size }), code: "task.limit_exceeded" },
  claimMax: { use: (tasks, size) => tasks.next({ count: size }), code: "task.limit_exceeded" },
  leaseMaxMs: { use: claim, code: "task.limit_exceeded" },
};

describe("K1: what is bounded", () => {
  test.for(Object.entries(limits))("%s is reached, and one more refused", async ([name, limit]) => {
    const { use, code } = limit;
    const max = taskLimits[name as keyof typeof limits];
    await using reached = await openTasks();
    await using passed = await openTasks();

    await expect(use(reached.tasks, max)).resolves.not.toThrow();
    await expect(use(passed.tasks, max + 1)).rejects.toMatchObject({ code });
  });

  test("leaseMinMs is reached, and one less refused", async () => {
    await using open = await openTasks();
    const code = "task.limit_exceeded";

    await expect(claim(open.tasks, taskLimits.leaseMinMs)).resolves.toEqual([]);
    await expect(claim(open.tasks, taskLimits.leaseMinMs - 1)).rejects.toMatchObject({ code });
    await expect(claim(open.tasks, 1_000.5)).rejects.toMatchObject({ code });
  });

  test("calls without an item, and pages without one, are refused", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    const code = "task.limit_exceeded";

    await expect(tasks.create([], ann)).rejects.toMatchObject({ code });
    await expect(tasks.list({}, { limit: 0 })).rejects.toMatchObject({ code });
    await expect(tasks.history("a", { limit: 501 })).rejects.toMatchObject({ code });
    await expect(tasks.claimNext({ count: 0 }, ann)).rejects.toMatchObject({ code });
    const tags = list(taskLimits.tagsMax + 1, (at) => `t${at}`);
    await expect(tasks.next({ tags })).rejects.toMatchObject({ code });
  });

  test("lists of one call are bounded before they are looked at", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    const code = "validation.failed";
    const many = list(taskLimits.dependenciesMax + 1, (at) => `d${at}`);
    const notes = list(taskLimits.notesMax + 1, () => ({ kind: "progress", text: "n" }) as const);
    const metadata = { a: text(taskLimits.metadataLengthMax) };

    await expect(create(tasks, { dependencies: many })).rejects.toMatchObject({ code });
    await expect(create(tasks, { notes })).rejects.toMatchObject({ code });
    await expect(create(tasks, { metadata })).rejects.toMatchObject({ code });
    await expect(create(tasks, { assignee: text(101) })).rejects.toMatchObject({ code });
  });
});
