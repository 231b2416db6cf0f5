import { runCommandLine } from "../../src/cli/run-command-line.ts";
import type { TemporaryDirectory } from "./temporary-directory.ts";

/** What a command did. */
export interface Ran {
  readonly code: number;
  /** What was printed as JSON, or the lines for people. */
  readonly printed: unknown;
  readonly text: string;
}

/** Runs a command in this process, which is the same code without the start of a process. */
export async function atlas(
  { path }: TemporaryDirectory,
  args: readonly string[],
  isJson = true,
): Promise<Ran> {
  let printed: unknown;
  let text = "";
  const code = await runCommandLine(
    args,
    { path, source: "flag" },
    {
      isJson,
      print(result, lines) {
        printed = result;
        text += lines();
      },
      printError(report, sentence) {
        printed = report;
        text += sentence;
      },
      write: (part) => void (text += part),
    },
  );
  return { code, printed, text };
}
