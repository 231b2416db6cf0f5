import { analyze, checkOptions } from "@atlas/errors";
import { requireValid } from "@atlas/validation";
import type { UnifiedStorageEngine } from "./engine.ts";
import type { EngineEvent, OperationCompletedEvent } from "./events.ts";
import type { SystemCoordinator, SystemOperation } from "./system-coordinator.ts";

/** What a system coordinator is told of its surroundings. */
export interface SystemCoordinatorOptions {
  /** Receives what happens; what it throws is ignored. Default: nobody does. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Milliseconds. Default: `Date.now`. */
  readonly clock?: () => number;
}

const known = {
  name: "any",
  input: "any",
  validate: "any",
  execute: "any",
  changes: "any",
  actor: "any",
  reason: "any",
} as const;

/**
 * Makes the coordinator of one engine.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function createSystemCoordinator(
  engine: UnifiedStorageEngine,
  options: SystemCoordinatorOptions = {},
): SystemCoordinator {
  checkOptions("createSystemCoordinator", options, { onEvent: "any", clock: "any" });
  const { onEvent, clock = Date.now } = options;
  const report = (event: OperationCompletedEvent): void => {
    try {
      onEvent?.(event);
    } catch {
      // Watching must not change the outcome.
    }
  };
  return Object.freeze({
    async process<Input, Result>(operation: SystemOperation<Input, Result>): Promise<Result> {
      checkOptions("process", operation, known);
      const { name } = operation;
      const startedAt = clock();
      const completed = { type: "operation.completed", name } as const;
      try {
        const result = await run(engine, operation);
        report({ ...completed, outcome: "succeeded", durationMs: clock() - startedAt });
        return result;
      } catch (error) {
        const { code, severity } = analyze(error);
        // What the caller got wrong is refused; what the system could not do has failed.
        const outcome = severity === "low" ? "refused" : "failed";
        report({ ...completed, outcome, code, durationMs: clock() - startedAt });
        throw error;
      }
    },
  });
}

function run<Input, Result>(
  engine: UnifiedStorageEngine,
  operation: SystemOperation<Input, Result>,
): Promise<Result> {
  const { name, actor, reason = name } = operation;
  return engine.changeSet({ ...(actor === undefined ? {} : { actor }), reason }, () =>
    engine.atomic(async () => {
      const context = { engine, actor };
      const verdict = await operation.validate?.(operation.input, context);
      const input = verdict === undefined ? operation.input : requireValid(verdict);
      const result = await operation.execute(input, context);
      const changes = operation.changes?.(result);
      if (changes !== undefined) await engine.indexes.batchUpdate(changes);
      return result;
    }),
  );
}
