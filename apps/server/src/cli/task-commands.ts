import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { userInfo } from "node:os";
import { serverError } from "../errors.ts";
import { exitCodes } from "../error-answers.ts";
import { explainFailure } from "../explain-failure.ts";
import { fixedLeases } from "../mcp/lease-keeper.ts";
import { taskClaim } from "../tools/task-claim.ts";
import { taskCreate } from "../tools/task-create.ts";
import { taskDelete } from "../tools/task-delete.ts";
import { taskGet } from "../tools/task-get.ts";
import { taskHistory } from "../tools/task-history.ts";
import { taskList } from "../tools/task-list.ts";
import { taskNext } from "../tools/task-next.ts";
import { taskUpdate } from "../tools/task-update.ts";
import type { Tool, ToolResult } from "../tools/tool.ts";
import type { CommandContext } from "./command-context.ts";
import { toolOptions } from "./tool-options.ts";
import { resultLines } from "./result-lines.ts";
import { withApplication } from "./with-application.ts";

/** How a tool reads as a command. */
interface ToolVerb {
  readonly verb: string;
  readonly tool: Tool;
  /** As commander takes it, with what it is for. */
  readonly positional?: readonly [form: string, help: string];
  /** The argument that the positional words become. */
  readonly target?: string;
  /** The list whose one item the flags describe. */
  readonly item?: string;
}

const reference = "Id or path";

const verbs: readonly ToolVerb[] = [
  {
    verb: "create",
    tool: taskCreate,
    positional: ["[name]", "Name of the task"],
    target: "name",
    item: "tasks",
  },
  {
    verb: "update",
    tool: taskUpdate,
    positional: ["[task]", reference],
    target: "task",
    item: "updates",
  },
  { verb: "get", tool: taskGet, positional: ["[tasks...]", reference], target: "tasks" },
  { verb: "list", tool: taskList },
  { verb: "next", tool: taskNext },
  {
    verb: "claim",
    tool: taskClaim,
    positional: ["[tasks...]", `${reference}; with its lease as task=token`],
    target: "tasks",
  },
  { verb: "delete", tool: taskDelete, positional: ["[tasks...]", reference], target: "tasks" },
  { verb: "history", tool: taskHistory, positional: ["[task]", reference], target: "task" },
];

/** Adds `atlas task …`: each verb takes what its tool takes and answers the same. */
export function addTaskCommands(program: Command, context: CommandContext): void {
  const task = program.command("task").description("Plan tasks and work through them");
  for (const verb of verbs) addVerb(task, verb, context);
}

function addVerb(parent: Command, verb: ToolVerb, context: CommandContext): void {
  const { tool, positional, target } = verb;
  const command = parent.command(verb.verb).description(tool.description);
  if (positional !== undefined) command.argument(...positional);
  command.option("--input <file>", "The arguments of the tool as JSON, from a file or - for input");
  const { topOptions, itemOptions } = optionsOf(verb);
  for (const { flags, help } of [...topOptions, ...itemOptions])
    command.option(flags, help.trim(), collect);
  command.action(async (...given: unknown[]) => {
    const words =
      target === undefined ? [] : [given[0]].flat().filter((word) => word !== undefined);
    const options = command.opts<Readonly<Record<string, readonly string[] | true>>>();
    const input = options["input"];
    const args =
      input === undefined
        ? argumentsOf(verb, words as string[], options)
        : readInput(String(input));
    await withApplication(command, context, async (application, { config }) => {
      const result = await tool.run(args, application, {
        actor: config.actor ?? `cli:${userInfo().username}`,
        leases: fixedLeases(config.leaseMs),
      });
      context.output.print(result, () => resultLines(result));
      if (hasFailures(result)) context.setExitCode(exitCodes.failed);
    });
  });
}

function hasFailures({ failures }: ToolResult): boolean {
  return Array.isArray(failures) && failures.length > 0;
}

function optionsOf({ tool, item, target = "" }: ToolVerb): {
  readonly topOptions: ReturnType<typeof toolOptions>;
  readonly itemOptions: ReturnType<typeof toolOptions>;
} {
  const properties = tool.inputSchema.properties ?? {};
  // `--actor` is a setting of every command.
  const topOptions = toolOptions(properties, ["actor", target, item ?? ""]);
  if (item === undefined) return { topOptions, itemOptions: [] };
  // The schemas are our own: a list of items is an array of objects.
  const list = properties[item] as { items: { properties: Record<string, object> } };
  return { topOptions, itemOptions: toolOptions(list.items.properties, [target]) };
}

function argumentsOf(
  verb: ToolVerb,
  words: readonly string[],
  options: Readonly<Record<string, readonly string[] | true>>,
): ToolResult {
  const { topOptions, itemOptions } = optionsOf(verb);
  const top = valuesOf(topOptions, options);
  const item = valuesOf(itemOptions, options);
  const targets = targetOf(verb, words);
  if (verb.item !== undefined) return { ...top, [verb.item]: [{ ...targets, ...item }] };
  if (verb.verb === "claim") return { action: "claim", ...top, ...targets };
  return { ...top, ...targets };
}

function targetOf({ verb, target, positional }: ToolVerb, words: readonly string[]): ToolResult {
  if (target === undefined || words.length === 0) return {};
  if (verb === "claim") return { [target]: words.map(claimOf) };
  return { [target]: positional?.[0].includes("...") ? words : words[0] };
}

/** `project/step=3` names a task and the lease held on it. */
function claimOf(word: string): ToolResult {
  const [, task = word, lease] = /^(.*)=(\d+)$/.exec(word) ?? [];
  return lease === undefined ? { task } : { task, lease: Number(lease) };
}

function valuesOf(
  toolArguments: ReturnType<typeof toolOptions>,
  options: Readonly<Record<string, readonly string[] | true>>,
): ToolResult {
  const values: Record<string, unknown> = {};
  for (const { name, parse } of toolArguments) {
    const texts = options[camelCase(name)];
    if (texts !== undefined) values[name] = parse(texts === true ? [] : texts);
  }
  return values;
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function readInput(file: string): unknown {
  const name = file === "-" ? "standard input" : file;
  let text: string;
  try {
    // File descriptor 0 is standard input.
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw explainFailure(cause, `The input in ${name} cannot be read.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw serverError("operation.usage", `The input in ${name} is not valid JSON.`, { cause });
  }
}
