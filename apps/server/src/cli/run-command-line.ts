import { AtlasError } from "@atlas/errors";
import { createLogger } from "@atlas/monitoring";
import type { DataDirectory } from "../config/data-directory.ts";
import { answerTo, exitCodes, reportOf, sentenceOf } from "../error-answers.ts";
import { openRuntime } from "./open-runtime.ts";
import { createOutput, type Output } from "./output.ts";
import { plainMcpFlags } from "./plain-mcp-flags.ts";

/** Runs one command and resolves with the exit code; everything it says has been written. */
export async function runCommandLine(
  argv: readonly string[],
  dataDirectory: DataDirectory,
  output: Output = createOutput(argv.includes("--json")),
): Promise<number> {
  try {
    const flags = plainMcpFlags(argv);
    if (flags === undefined) {
      const { runProgram } = await import("./run-program.ts");
      return await runProgram(argv, dataDirectory, output);
    }
    const { serveMcpOverStdio } = await import("../mcp/serve-stdio.ts");
    await serveMcpOverStdio(
      openRuntime({ command: "mcp", flags, dataDirectory: dataDirectory.path }),
    );
    return exitCodes.ok;
  } catch (error) {
    // What Atlas did not throw itself is told in one sentence; the log has the rest.
    if (!AtlasError.is(error))
      createLogger((line) => process.stderr.write(line)).error("The command failed.", { error });
    const report = reportOf(error);
    output.printError({ error: report }, sentenceOf(report));
    return answerTo(report.code).exitCode;
  }
}
