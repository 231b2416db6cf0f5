import { AtlasError, checkOptions } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type {
  AtomicCommand,
  AtomicCommandExecutor,
  ExecuteCommandsOptions,
} from "./atomic-command.ts";

/** Commands that one call executes. */
export const commandsMax = 10_000;

/** Makes an executor whose commands all receive `context`. */
export function createCommandExecutor<Context>(context: Context): AtomicCommandExecutor<Context> {
  return {
    async executeCommands<Result>(
      commands: readonly AtomicCommand<Context, Result>[],
      options: ExecuteCommandsOptions = {},
    ) {
      checkOptions<ExecuteCommandsOptions>("executeCommands", options, { signal: "any" });
      const given = [...commands];
      if (given.length > commandsMax) throw tooManyCommands(given.length);
      const executed: AtomicCommand<Context, Result>[] = [];
      const results: Result[] = [];
      for (const command of given) {
        try {
          if (options.signal?.aborted === true) throw cancelled(options.signal.reason);
          await validate(command, context);
          results.push(await command.execute(context));
          executed.push(command);
        } catch (error) {
          throw await undo(executed, context, { command: command.name, error });
        }
      }
      return { success: true, executedCommands: executed.map(({ name }) => name), results };
    },
  };
}

async function validate<Context>(command: AtomicCommand<Context>, context: Context): Promise<void> {
  const { valid, issues = [] } = (await command.validate(context)) ?? { valid: true };
  if (valid) return;
  throw transactionError(
    "transaction.operation_refused",
    `The command "${command.name}" refuses to run. ${issues.join(" ") || "It gives no reason."}`,
    { details: { command: command.name, issues } },
  );
}

interface Failure {
  readonly command: string;
  readonly error: unknown;
}

/** Undoes everything that can be undone and answers with the error for the caller. */
async function undo<Context>(
  executed: readonly AtomicCommand<Context>[],
  context: Context,
  { command, error }: Failure,
): Promise<AtlasError> {
  const undone: string[] = [];
  const stuck: { name: string; error: unknown }[] = [];
  for (const done of executed.toReversed()) {
    try {
      await done.rollback(context);
      undone.push(done.name);
    } catch (undoError) {
      stuck.push({ name: done.name, error: undoError });
    }
  }
  const details = { command, undone, notUndone: stuck.map(({ name }) => name) };
  if (stuck.length === 0)
    return transactionError(
      "transaction.command_failed",
      `The command "${command}" failed, and the ${undone.length} before it were undone. ` +
        "The cause says why.",
      { cause: error, details, retryable: AtlasError.is(error) && error.retryable },
    );
  const names = details.notUndone.map((name) => `"${name}"`).join(", ");
  const message =
    `The command "${command}" failed, and of those before it these could not be undone: ${names}. ` +
    "Undo them by hand; the causes say what happened.";
  const cause = new AggregateError([error, ...stuck.map((one) => one.error)], message);
  return transactionError("transaction.undo_incomplete", message, { cause, details });
}

function cancelled(reason: unknown): Error {
  return transactionError(
    "transaction.cancelled",
    "The commands were cancelled. What had been executed is undone.",
    { cause: reason },
  );
}

function tooManyCommands(count: number): Error {
  return transactionError(
    "transaction.invalid_option",
    `${count} commands were given, and at most ${commandsMax} are executed at a time. Give fewer.`,
    { details: { option: "commands", max: commandsMax } },
  );
}
