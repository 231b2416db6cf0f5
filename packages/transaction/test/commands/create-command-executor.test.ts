import { AtlasError } from "@atlas/errors";
import {
  type AtomicCommand,
  commandsMax,
  createCommandExecutor,
} from "@atlas/transaction/commands";
import { describe, expect, test } from "vitest";

type Part = "validate" | "execute" | "rollback";

/** A command that writes down what is done with it and fails where it is told to. */
function commandOf(
  name: string,
  fails: { [P in Part]?: unknown } = {},
): AtomicCommand<string[], string> {
  const step = (part: Part, trace: string[]): void => {
    trace.push(`${part} ${name}`);
    if (part in fails) throw fails[part];
  };
  return {
    name,
    validate: (trace) => step("validate", trace),
    execute(trace) {
      step("execute", trace);
      return `${name} done`;
    },
    async rollback(trace) {
      step("rollback", trace);
    },
  };
}

describe("T7: AtomicCommandExecutor", () => {
  test("commands are validated and executed in order", async () => {
    const trace: string[] = [];
    const executor = createCommandExecutor(trace);

    const result = await executor.executeCommands([commandOf("a"), commandOf("b")]);

    expect(result).toEqual({
      success: true,
      executedCommands: ["a", "b"],
      results: ["a done", "b done"],
    });
    expect(trace).toEqual(["validate a", "execute a", "validate b", "execute b"]);
  });

  test("a failure undoes what was executed in reverse order, and is the cause", async () => {
    const trace: string[] = [];
    const broken = new AtlasError("storage.busy", "Busy.", { retryable: true });
    const commands = [commandOf("a"), commandOf("b"), commandOf("c", { execute: broken })];

    const failed = createCommandExecutor(trace).executeCommands(commands);

    await expect(failed).rejects.toMatchObject({
      code: "transaction.command_failed",
      cause: broken,
      retryable: true,
      details: { command: "c", undone: ["b", "a"], notUndone: [] },
    });
    expect(trace.slice(-3)).toEqual(["execute c", "rollback b", "rollback a"]);
  });

  test("a failed undo does not keep the others from theirs; every error is reported, the first first", async () => {
    const trace: string[] = [];
    const first = new Error("c broke");
    const undos = [new Error("b stuck"), new Error("a stuck")];
    const commands = [
      commandOf("a", { rollback: undos[1] }),
      commandOf("b", { rollback: undos[0] }),
      commandOf("x"),
      commandOf("c", { execute: first }),
    ];

    const failed = createCommandExecutor(trace).executeCommands(commands);

    await expect(failed).rejects.toMatchObject({
      code: "transaction.undo_incomplete",
      severity: "critical",
      details: { command: "c", undone: ["x"], notUndone: ["b", "a"] },
    });
    await expect(failed).rejects.toHaveProperty("cause.errors", [first, ...undos]);
    expect(trace.slice(-3)).toEqual(["rollback x", "rollback b", "rollback a"]);
  });

  test("a command that refuses to run is not executed, and the others are undone", async () => {
    const trace: string[] = [];
    const invalid = {
      ...commandOf("b"),
      validate: () => ({ valid: false, issues: ["The file is missing."] }),
    };

    const refused = createCommandExecutor(trace).executeCommands([commandOf("a"), invalid]);

    await expect(refused).rejects.toMatchObject({
      code: "transaction.command_failed",
      cause: {
        code: "transaction.operation_refused",
        details: { issues: ["The file is missing."] },
      },
    });
    expect(trace).toEqual(["validate a", "execute a", "rollback a"]);
    const silent = { ...commandOf("c"), validate: async () => ({ valid: false }) };
    await expect(createCommandExecutor(trace).executeCommands([silent])).rejects.toHaveProperty(
      "cause.message",
      expect.stringContaining("gives no reason"),
    );
  });

  test("a signal ends it between commands and undoes what was executed", async () => {
    const trace: string[] = [];
    const stop = new AbortController();
    const last = { ...commandOf("a"), execute: () => (stop.abort(), "done") };

    const cancelled = createCommandExecutor(trace).executeCommands([last, commandOf("b")], {
      signal: stop.signal,
    });

    await expect(cancelled).rejects.toMatchObject({ cause: { code: "transaction.cancelled" } });
    expect(trace).toEqual(["validate a", "rollback a"]);
  });

  test("a list has a limit", async () => {
    const commands = Array.from({ length: commandsMax + 1 }, () => commandOf("a"));

    await expect(createCommandExecutor([]).executeCommands(commands)).rejects.toMatchObject({
      code: "transaction.invalid_option",
    });
  });
});
