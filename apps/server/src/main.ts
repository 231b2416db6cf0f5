#!/usr/bin/env node
// Only what any Node can load stands above the check of its version: better-sqlite3 crashes an
// older one, and even a missing export of node:module would end it without a word.
import { homedir } from "node:os";
import process from "node:process";
import { dataDirectoryOf } from "./config/data-directory.ts";
import { nodeVersionProblem } from "./node-version.ts";

const problem = nodeVersionProblem(process.versions.node);
if (problem === undefined) {
  const dataDirectory = dataDirectoryOf({
    argv: process.argv.slice(2),
    env: process.env,
    platform: process.platform,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
  });
  const { useCompileCache } = await import("./compile-cache.ts");
  useCompileCache(dataDirectory.path, process.argv.slice(2));
  // tsyringe refuses to load without it.
  await import("reflect-metadata");
  const { runCommandLine } = await import("./cli/run-command-line.ts");
  process.exitCode = await runCommandLine(process.argv.slice(2), dataDirectory);
} else {
  console.error(problem);
  process.exitCode = 1;
}
