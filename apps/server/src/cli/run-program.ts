import { CommanderError } from "commander";
import type { DataDirectory } from "../config/data-directory.ts";
import { exitCodes } from "../error-answers.ts";
import { serverError } from "../errors.ts";
import { readVersion } from "../version.ts";
import { createProgram } from "./create-program.ts";
import { openRuntime } from "./open-runtime.ts";
import type { Output } from "./output.ts";

/**
 * Parses a command line, runs its command and answers with the exit code.
 *
 * @throws {AtlasError} operation.usage, and what the command throws.
 */
export async function runProgram(
  argv: readonly string[],
  dataDirectory: DataDirectory,
  output: Output,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = createProgram({
    version: readVersion(),
    dataDirectory,
    output,
    openRuntime: (command, flags) =>
      openRuntime({ command, flags, dataDirectory: dataDirectory.path }),
    setExitCode: (code) => void (exitCode = code),
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end this way too.
    if (error.exitCode === 0) return exitCodes.ok;
    throw usageError(error);
  }
}

function usageError({ message }: CommanderError): Error {
  const sentence = message
    .replace(/^error: /, "")
    .replaceAll(/\s+/g, " ")
    .replace(/\.$/, "");
  return serverError("operation.usage", `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`);
}
