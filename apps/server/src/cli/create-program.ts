import { Command } from "commander";
import { configFields, configKeys, flagOf } from "../config/config-fields.ts";
import type { CommandContext } from "./command-context.ts";
import { addConfigCommand } from "./config-command.ts";
import { addExportCommand } from "./export-command.ts";
import { addImportCommand } from "./import-command.ts";
import { addLoadCommand } from "./load-command.ts";
import { addServerCommands } from "./server-commands.ts";
import { addStoreCommands } from "./store-commands.ts";
import { addTaskCommands } from "./task-commands.ts";

const footer = `
Settings come from flags, then ATLAS_* variables, then config.json in the data directory.
Exit codes: 0 done, 1 failed or findings, 2 wrong usage, 3 not found, 4 conflict, 5 no store.`;

/** The whole command line; throws instead of ending the process. */
export function createProgram(context: CommandContext): Command {
  const program = new Command("atlas")
    .description("Durable tasks for AI agents and the people who work with them.")
    .version(context.version)
    .option("--data <dir>", "Directory that holds the data (ATLAS_DATA_DIR)")
    .option("--config <file>", "Configuration file (ATLAS_CONFIG)")
    .option("--json", "Print one JSON document")
    .addHelpText("after", footer)
    .exitOverride()
    // The caller prints the error, in the form that was asked for.
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
  for (const key of configKeys) program.option(`${flagOf(key)} <value>`, configFields[key].help);

  addTaskCommands(program, context);
  addStoreCommands(program, context);
  addImportCommand(program, context);
  addLoadCommand(program, context);
  addExportCommand(program, context);
  addConfigCommand(program, context);
  addServerCommands(program, context);
  return program;
}
