import type { Command } from "commander";
import type { DataDirectory } from "../config/data-directory.ts";
import type { Runtime } from "../runtime.ts";
import type { Output } from "./output.ts";

/** What the commands share. */
export interface CommandContext {
  readonly version: string;
  readonly dataDirectory: DataDirectory;
  readonly output: Output;
  /**
   * Reads the configuration for a command.
   *
   * @throws {AtlasError} configuration.*
   */
  readonly openRuntime: (command: string, flags: Readonly<Record<string, string>>) => Runtime;
  /** For commands whose result decides the exit code. */
  readonly setExitCode: (code: number) => void;
}

/** The settings that were given as flags, as the configuration takes them. */
export function configFlags(command: Command): Record<string, string> {
  const { data: _data, json: _json, ...flags } = rootOf(command).opts<Record<string, string>>();
  return flags;
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
