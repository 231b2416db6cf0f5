import { type Command, Option } from "commander";
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import type { CreateAllOptions } from "@atlas/tasks";
import { exitCodes } from "../error-answers.ts";
import { explainFailure } from "../explain-failure.ts";
import type { LoadReport } from "../import/load-tasks.ts";
import { watchForStop } from "../stop-signals.ts";
import type { CommandContext } from "./command-context.ts";
import { createProgressBar } from "./progress-bar.ts";
import { withApplication } from "./with-application.ts";

interface LoadOptions {
  readonly job?: string;
  readonly strategy: NonNullable<CreateAllOptions["strategy"]>;
}

/** Adds `atlas load <path>`. */
export function addLoadCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("load")
    .description("Create any number of tasks from a file of JSON Lines")
    .argument("<path>", "File with a task on each line, as task_create takes it")
    .option("--job <name>", "Go on where an earlier run of this name and file stopped")
    .addOption(
      new Option("--strategy <strategy>", "How batches are run")
        .choices(["sequential", "concurrent", "adaptive"])
        .default("sequential"),
    );
  command.action(async (path: string) => {
    const { job, strategy } = command.opts<LoadOptions>();
    const lines = requireFile(path);
    const { loadTasks } = await import("../import/load-tasks.ts");
    await withApplication(command, context, async ({ tasks }, { config }) => {
      using stop = watchForStop();
      using bar = createProgressBar("Loading", process.stderr);
      const report = await loadTasks(tasks, {
        path,
        actor: config.actor ?? `cli:${userInfo().username}`,
        options: {
          strategy,
          signal: stop.signal,
          onProgress: ({ done }) => bar.update(done, Math.max(done, lines)),
          ...(job !== undefined && { job }),
        },
      });
      context.output.print(report, () => reportLines(report));
      if (report.failed > 0 || report.stopped) context.setExitCode(exitCodes.failed);
    });
  });
}

/** About how many lines the file has, for the bar alone: plans have some 300 bytes on a line. */
function requireFile(path: string): number {
  try {
    return Math.ceil(statSync(path).size / 300);
  } catch (cause) {
    throw explainFailure(cause, `The file ${path} cannot be read.`);
  }
}

function reportLines({ created, failed, stopped, failures }: LoadReport): string {
  return [
    `${created} created, ${failed} failed${stopped ? "; stopped before the end" : ""}`,
    ...failures.map(({ line, reason }) => `line ${line}: ${reason}`),
  ].join("\n");
}
