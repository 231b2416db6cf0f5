import { defineRule, type BusinessRule } from "@atlas/validation";
import { z } from "zod";

/** What {@link taskSchema} makes of an input. */
export interface Task {
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly type: "task" | "milestone" | "group";
  readonly status: "pending" | "in_progress" | "completed" | "blocked";
  readonly parent?: string | undefined;
  readonly dependencies: readonly string[];
  readonly priority: number;
  readonly tags: readonly string[];
  readonly assignee?: string | undefined;
}

/** Ten fields with the bounds that a task store sets. */
export const taskSchema: z.ZodType<Task> = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(200),
  description: z.string().max(10_000).optional(),
  type: z.enum(["task", "milestone", "group"]),
  status: z.enum(["pending", "in_progress", "completed", "blocked"]).default("pending"),
  parent: z.string().max(64).optional(),
  dependencies: z.array(z.string().max(64)).max(100).default([]),
  priority: z.int().min(0).max(9),
  tags: z.array(z.string().max(50)).max(20),
  assignee: z.string().max(100).optional(),
});

const description = "What has to be done, and how to tell that it is done. ".repeat(3);

/** The input of one task with up to two dependencies. */
export function taskInput(n: number): unknown {
  return {
    id: `t${n}`,
    name: `Task ${n}`,
    description,
    type: "task",
    parent: `t${n >> 4}`,
    dependencies: n > 2 ? [`t${n - 1}`, `t${n - 2}`] : [],
    priority: n % 10,
    tags: ["bench", "task"],
  };
}

/** Tasks from one number on. */
export function taskInputs(from: number, count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, at) => taskInput(from + at));
}

/** A rule that judges by the item alone. */
export const noOwnDependency: BusinessRule<Task, unknown> = defineRule({
  code: "task.depends_on_itself",
  message: "A task cannot depend on itself.",
  fields: ["id", "dependencies"],
  check: ({ id, dependencies }: Task) => !dependencies.includes(id),
});

/** A rule that loads once for all items which of their dependencies are cancelled. */
export const noCancelledDependency: BusinessRule<Task, ReadonlySet<string>> = defineRule({
  code: "task.depends_on_cancelled",
  message: "A task cannot depend on a cancelled one.",
  fields: ["dependencies"],
  load(tasks: readonly Task[], cancelled: ReadonlySet<string>) {
    const found = new Set<string>();
    for (const { dependencies } of tasks) {
      for (const id of dependencies) if (cancelled.has(id)) found.add(id);
    }
    return found;
  },
  check: ({ dependencies }: Task, cancelled) =>
    cancelled.size === 0 || !dependencies.some((id) => cancelled.has(id)),
});
