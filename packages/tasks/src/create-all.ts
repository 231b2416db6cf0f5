import {
  type BatchCoordinator,
  type BatchInput,
  type BatchResult,
  createTransactionalBatchProcessor,
} from "@atlas/batch";
import type { UnifiedStorageEngine } from "@atlas/engine";
import { analyze } from "@atlas/errors";
import type { Transaction } from "@atlas/transaction";
import { newTasks } from "./checked-input.ts";
import type { CreateAllOptions } from "./create-all-options.ts";
import { createTasks } from "./create-tasks.ts";
import { callHoldMs } from "./limits.ts";
import type { NewTask } from "./task-input.ts";
import type { CheckedNewTask } from "./task-schemas.ts";
import type { TaskStore } from "./task-store.ts";

/** What a task may lack that a batch in work at the same time brings. */
const broughtByOthers: ReadonlySet<string> = new Set([
  "task.parent_not_found",
  "task.dependency_not_found",
]);

/** What creating from a stream works with. @internal */
export interface CreationParts {
  readonly engine: UnifiedStorageEngine;
  readonly batches: BatchCoordinator;
  /** In the name of the actor. */
  readonly store: TaskStore;
}

/** Creates tasks batch by batch; see `TaskManager.createAll`. @internal */
export function createAllTasks(
  { engine, batches, store }: CreationParts,
  tasks: BatchInput<NewTask>,
  { job, strategy = "sequential", ...options }: CreateAllOptions,
): Promise<BatchResult<string, NewTask>> {
  const processor = createTransactionalBatchProcessor<NewTask, CheckedNewTask, Transaction>({
    atomic: (body) =>
      engine.changeSet({ actor: store.actor }, () =>
        engine.atomic(body, { holdTimeoutMs: callHoldMs }),
      ),
    validate: (inputs) => newTasks.validateMany(inputs),
  });
  return batches.process(
    tasks,
    { all: (inputs: readonly CheckedNewTask[]) => createTasks(store, inputs) },
    {
      name: "tasks.createAll",
      batchSize: 1_000,
      keyOf: ({ path, name }) => path ?? name,
      // Batches before one may still be in work; where they follow each other none is.
      retry: strategy === "sequential" ? {} : { when: isWorthAnother, attemptsMax: 4 },
      strategy,
      ...options,
      processor,
      ...(job === undefined ? {} : { checkpoint: engine.jobs.checkpoint(job) }),
    },
  );
}

function isWorthAnother(error: unknown): boolean {
  const { code, retryable } = analyze(error);
  return retryable || broughtByOthers.has(code);
}
