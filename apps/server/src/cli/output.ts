import { writeSync } from "node:fs";

/** How a command tells its result: one JSON document, or lines for people. */
export interface Output {
  readonly isJson: boolean;
  /** Prints the result once, in the form that was asked for. */
  print(result: object, lines: () => string): void;
  /** Prints a failure: to standard output as JSON, otherwise to standard error. */
  printError(report: object, sentence: string): void;
  /** Writes a part of a document to standard output. */
  write(text: string): void;
}

/** Writes to the standard streams of this process. */
export function createOutput(isJson: boolean): Output {
  return {
    isJson,
    print: (result, lines) => writeAll(1, isJson ? JSON.stringify(result) : lines()),
    printError: (report, sentence) =>
      isJson ? writeAll(1, JSON.stringify(report)) : writeAll(2, sentence),
    write: (text) => writeBytes(1, text),
  };
}

function writeAll(stream: 1 | 2, text: string): void {
  writeBytes(stream, text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

/** Synchronous, so that nothing is lost when the process ends right after. */
function writeBytes(stream: 1 | 2, text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(stream, rest));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // A reader that went away, as `head` does, is not a failure of the command.
      if (code === "EPIPE") return;
      // The pipe is full and does not block: its reader needs a moment.
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
