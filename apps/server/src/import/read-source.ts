import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { serverError } from "../errors.ts";
import { explainFailure } from "../explain-failure.ts";
import { parseBacklog, type SourceFile } from "./backlog.ts";
import { parseBeads } from "./beads.ts";
import { type ImportFormat, importFormats } from "./import-format.ts";
import type { ParsedSource } from "./parsed-source.ts";
import { parseTaskmaster } from "./taskmaster.ts";

/** Bytes of one file that is read; a larger one is not a plan. */
const fileBytesMax = 268_435_456;

/**
 * Reads and parses a source; changes nothing in it.
 *
 * @throws {AtlasError} operation.usage for an unknown format or a path that
 * does not hold what the format needs; storage.* for one that cannot be read.
 */
export function readSource(format: ImportFormat, path: string): ParsedSource {
  switch (format) {
    case "beads":
      return parseBeads(explained(path, () => readText(path)));
    case "taskmaster":
      return parseTaskmaster(explained(path, () => readText(path)));
    case "backlog":
      return parseBacklog(explained(path, () => readBacklogFiles(path)));
    default:
      throw serverError(
        "operation.usage",
        `There is no import format "${String(format)}". There are ${importFormats.join(", ")}.`,
      );
  }
}

function readText(path: string): string {
  const { size } = statSync(path);
  if (size <= fileBytesMax) return readFileSync(path, "utf8");
  throw serverError("operation.usage", `The file ${path} is larger than ${fileBytesMax} bytes.`);
}

function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw explainFailure(cause, `The source ${path} cannot be read.`);
  }
}

/** Takes the project, its backlog folder or the folder of tasks itself. */
function readBacklogFiles(path: string): readonly SourceFile[] {
  // A path that does not exist is told as such.
  statSync(path);
  const roots = [join(path, "backlog"), path].filter((root) => existsSync(join(root, "tasks")));
  const root = roots[0];
  const folders =
    root === undefined ? [path] : [join(root, "tasks"), join(root, "completed")].filter(existsSync);
  const files = folders.flatMap(markdownIn);
  if (files.length === 0)
    throw serverError(
      "operation.usage",
      `There is no Markdown file in ${folders.join(" or ")}. ` +
        "Name the directory of a Backlog.md project.",
    );
  return files.map((file) => ({ file: relative(root ?? path, file), text: readText(file) }));
}

function markdownIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => join(folder, name));
}
