import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { explainFailure } from "../explain-failure.ts";

/** The values of a file of JSON Lines, one after the other, and where each of them stands. */
export interface JsonLines {
  readonly values: AsyncIterable<unknown>;
  /** The number of the line, from 1, that holds the value at this position. */
  lineOf(position: number): number;
  /** Lines that hold no value, as far as they were read. */
  readonly corrupt: CorruptLines;
}

/** How many lines hold no value, and the first thousand of them. */
export interface CorruptLines {
  readonly count: number;
  readonly lines: readonly number[];
}

/** Corrupt lines that are kept. */
const corruptMax = 1_000;

/** Reads a file line by line, and no faster than its values are taken. Empty lines are skipped. */
export function readJsonLines(path: string): JsonLines {
  const lines: number[] = [];
  const corrupt = { count: 0, lines: [] as number[] };
  return {
    values: valuesOf(path, {
      found: (line) => lines.push(line),
      corrupt(line) {
        corrupt.count += 1;
        if (corrupt.lines.length < corruptMax) corrupt.lines.push(line);
      },
    }),
    lineOf: (position) => lines[position] ?? 0,
    corrupt,
  };
}

interface LineWatch {
  readonly found: (line: number) => unknown;
  readonly corrupt: (line: number) => unknown;
}

async function* valuesOf(path: string, watch: LineWatch): AsyncGenerator<unknown> {
  const input = createReadStream(path, "utf8");
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (text.trim() === "") continue;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        watch.corrupt(number);
        continue;
      }
      watch.found(number);
      yield value;
    }
  } catch (cause) {
    throw explainFailure(cause, `The file ${path} cannot be read.`);
  } finally {
    input.destroy();
  }
}
