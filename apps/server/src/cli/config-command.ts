import type { Command } from "commander";
import { configKeys } from "../config/config-fields.ts";
import { type CommandContext, configFlags } from "./command-context.ts";

/** A setting as `atlas config` prints it. */
interface PrintedSetting {
  readonly value: unknown;
  readonly source: string;
  /** The flag, variable or file. */
  readonly name?: string;
}

const dataNames: Readonly<Record<string, string>> = {
  flag: "--data",
  environment: "ATLAS_DATA_DIR",
};

/** Adds `atlas config`. */
export function addConfigCommand(program: Command, context: CommandContext): void {
  const { dataDirectory, output, openRuntime } = context;
  const command = program
    .command("config")
    .description("Print every setting, its value and where that comes from");
  command.action(() => {
    const { config, origins } = openRuntime("config", configFlags(command));
    const name = dataNames[dataDirectory.source];
    const settings: Record<string, PrintedSetting> = {
      dataDirectory: {
        value: dataDirectory.path,
        source: dataDirectory.source,
        ...(name !== undefined && { name }),
      },
    };
    for (const key of configKeys) settings[key] = { value: config[key], ...origins[key] };
    output.print(settings, () => Object.entries(settings).map(settingLine).join("\n"));
  });
}

function settingLine([key, { value, source, name }]: [string, PrintedSetting]): string {
  const from = name === undefined ? source : `${source}: ${name}`;
  return `${key.padEnd(18)}${JSON.stringify(value)}  (${from})`;
}
