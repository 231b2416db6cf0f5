import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import type { Task } from "@atlas/tasks";
import { type Command, Option } from "commander";
import { explainFailure } from "../explain-failure.ts";
import type { CommandContext } from "./command-context.ts";
import { createProgressBar } from "./progress-bar.ts";
import { withApplication } from "./with-application.ts";

interface ExportOptions {
  readonly format: "json" | "jsonl";
  readonly output?: string;
}

/** Adds `atlas export`. */
export function addExportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("export")
    .description("Write every task with everything, in the order of the tree")
    .addOption(
      new Option("--format <format>", "json: one document; jsonl: a task per line")
        .choices(["json", "jsonl"])
        .default("json"),
    )
    .option("--output <file>", "Write to this file instead of standard output");
  command.action(() =>
    withApplication(command, context, async (application) => {
      const { format, output } = command.opts<ExportOptions>();
      const { total } = await application.tasks.statistics();
      using bar = createProgressBar("Exporting", process.stderr);
      const tasks = counted(application.tasks.export(), (done) => bar.update(done, total));
      if (output === undefined) {
        await writeTasks(tasks, format, context.output.write);
        return;
      }
      const exported = await writeFileAtomically(output, (write) =>
        writeTasks(tasks, format, write),
      ).catch((cause: unknown) => {
        throw explainFailure(cause, `The export cannot be written to ${output}.`);
      });
      context.output.print({ exported, output }, () => `Exported ${exported} tasks to ${output}`);
    }),
  );
}

async function writeTasks(
  tasks: AsyncIterable<Task>,
  format: ExportOptions["format"],
  write: (text: string) => void,
): Promise<number> {
  let count = 0;
  if (format === "json") write('{"tasks":[');
  for await (const task of tasks) {
    const text = JSON.stringify(task);
    if (format === "jsonl") write(`${text}\n`);
    else write(`${count === 0 ? "" : ","}\n${text}`);
    count += 1;
  }
  if (format === "json") write("\n]}\n");
  return count;
}

/** Writes beside the target and renames, so that no half file takes the place of a whole one. */
async function writeFileAtomically<T>(
  path: string,
  body: (write: (text: string) => void) => Promise<T>,
): Promise<T> {
  const draft = `${path}.${randomBytes(4).toString("hex")}.part`;
  const file = openSync(draft, "wx", 0o600);
  try {
    const result = await body((text) => void writeSync(file, text));
    fsyncSync(file);
    renameSync(draft, path);
    return result;
  } catch (error) {
    unlinkSync(draft);
    throw error;
  } finally {
    closeSync(file);
  }
}

async function* counted<Item>(
  items: AsyncIterable<Item>,
  onCount: (done: number) => void,
): AsyncIterable<Item> {
  let done = 0;
  for await (const item of items) {
    done += 1;
    onCount(done);
    yield item;
  }
}
