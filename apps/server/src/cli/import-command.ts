import { type Command, Option } from "commander";
import { userInfo } from "node:os";
import { exitCodes } from "../error-answers.ts";
import type { ImportReport } from "../import/import-report.ts";
import { type ImportFormat, importFormats } from "../import/import-format.ts";
import type { CommandContext } from "./command-context.ts";
import { createProgressBar } from "./progress-bar.ts";
import { withApplication } from "./with-application.ts";

interface ImportOptions {
  readonly into?: string;
  readonly rejectAll?: true;
}

/** Adds `atlas import <format> <path>`. */
export function addImportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("import")
    .description("Take in the tasks of another program; doing it again changes nothing")
    .argument("<format>", `One of ${importFormats.join(", ")}`)
    .argument("<path>", "File or directory of the other program")
    .option("--into <path>", "Group that receives the tasks (default: the name of the format)")
    .addOption(new Option("--reject-all", "Take in nothing when one record is refused"));
  command.action(async (format: string, path: string) => {
    const { into, rejectAll } = command.opts<ImportOptions>();
    // The parsers bring a YAML library with them.
    const { importInto } = await import("../import/import-into.ts");
    await withApplication(command, context, async ({ tasks }, { config }) => {
      using bar = createProgressBar("Importing", process.stderr);
      const report = await importInto(tasks, {
        format: format as ImportFormat,
        path,
        actor: config.actor ?? `cli:${userInfo().username}`,
        rejectAll: rejectAll === true,
        onProgress: bar.update,
        ...(into !== undefined && { into }),
      });
      context.output.print(report, () => reportLines(report));
      if (rejectAll && report.rejected.length > 0) context.setExitCode(exitCodes.failed);
    });
  });
}

function reportLines({ imported, unchanged, rejected, warnings }: ImportReport): string {
  const at = (line: number, file?: string): string =>
    file === undefined ? `line ${line}` : `${file}:${line}`;
  return [
    `${imported} imported, ${unchanged} unchanged, ${rejected.length} rejected`,
    ...rejected.map(({ line, file, reason }) => `rejected ${at(line, file)}: ${reason}`),
    ...warnings.map(({ line, file, reason }) => `note ${at(line, file)}: ${reason}`),
  ].join("\n");
}
