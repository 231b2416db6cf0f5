import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { AtomicCommand, AtomicCommandExecutor } from "../commands/atomic-command.ts";
import { assertCode } from "./rule.ts";

/** Makes an executor whose commands receive `context`. */
export type OpenCommands = <Context>(
  context: Context,
) => AtomicCommandExecutor<Context> | Promise<AtomicCommandExecutor<Context>>;

/** One promise of `AtomicCommandExecutor`: `check` throws when it is broken. */
export interface CommandRule {
  readonly name: string;
  readonly check: (open: OpenCommands) => Promise<void>;
}

type Part = "validate" | "execute" | "rollback";

/** A command that writes down what is done with it, and fails where it is told to. */
function commandOf(
  name: string,
  failing: { readonly [P in Part]?: Error } = {},
): AtomicCommand<string[], string> {
  const step = async (part: Part, trace: string[]): Promise<void> => {
    trace.push(`${part} ${name}`);
    if (failing[part] !== undefined) throw failing[part];
  };
  return {
    name,
    validate: (trace) => step("validate", trace),
    async execute(trace) {
      await step("execute", trace);
      return `${name} done`;
    },
    rollback: (trace) => step("rollback", trace),
  };
}

async function failureOf(running: Promise<unknown>): Promise<AtlasError> {
  const error: unknown = await running.then(
    () => assert.fail("The commands succeeded."),
    (thrown: unknown) => thrown,
  );
  assert.ok(AtlasError.is(error));
  return error;
}

/** The rules every `AtomicCommandExecutor` must keep; runner-agnostic. */
export const commandRules: readonly CommandRule[] = [
  {
    name: "commands are validated and executed one after the other, in order",
    async check(open) {
      const trace: string[] = [];
      const executor = await open(trace);

      const result = await executor.executeCommands([commandOf("a"), commandOf("b")]);

      assert.deepEqual(result, {
        success: true,
        executedCommands: ["a", "b"],
        results: ["a done", "b done"],
      });
      assert.deepEqual(trace, ["validate a", "execute a", "validate b", "execute b"]);
    },
  },
  {
    name: "a failure undoes what was executed in reverse order, and is the cause",
    async check(open) {
      const trace: string[] = [];
      const broken = new Error("c broke");
      const commands = [commandOf("a"), commandOf("b"), commandOf("c", { execute: broken })];

      const error = await failureOf((await open(trace)).executeCommands(commands));

      assert.equal(error.code, "transaction.command_failed");
      assert.equal(error.cause, broken);
      assert.deepEqual(trace.slice(-3), ["execute c", "rollback b", "rollback a"]);
    },
  },
  {
    name: "a command that refuses to run is not executed, and those before it are undone",
    async check(open) {
      const trace: string[] = [];
      const refusing = { ...commandOf("b"), validate: () => ({ valid: false }) };

      const running = (await open(trace)).executeCommands([commandOf("a"), refusing]);

      await assertCode(running, "transaction.command_failed");
      assert.deepEqual(trace, ["validate a", "execute a", "rollback a"]);
    },
  },
  {
    name: "an undo that fails keeps none of the others from theirs, and every error is told",
    async check(open) {
      const trace: string[] = [];
      const [first, stuck] = [new Error("c broke"), new Error("b is stuck")];
      const commands = [
        commandOf("a"),
        commandOf("b", { rollback: stuck }),
        commandOf("c", { execute: first }),
      ];

      const error = await failureOf((await open(trace)).executeCommands(commands));

      assert.equal(error.code, "transaction.undo_incomplete");
      assert.deepEqual((error.cause as AggregateError).errors, [first, stuck]);
      assert.deepEqual(trace.slice(-2), ["rollback b", "rollback a"]);
    },
  },
  {
    name: "a signal ends it between two commands and undoes what was executed",
    async check(open) {
      const trace: string[] = [];
      const stop = new AbortController();
      const last = { ...commandOf("a"), execute: () => (stop.abort(), "done") };

      const running = (await open(trace)).executeCommands([last, commandOf("b")], {
        signal: stop.signal,
      });

      await assertCode(running, "transaction.command_failed");
      assert.deepEqual(trace, ["validate a", "rollback a"]);
    },
  },
];
