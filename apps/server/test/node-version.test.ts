import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeVersionProblem } from "../src/node-version.ts";
import { program } from "./support/run-atlas.ts";

test.each(["20.20.2", "22.14.9", "21.99.99"])("Node %s gets one sentence", (version) => {
  expect(nodeVersionProblem(version)).toBe(
    `Atlas needs Node 22.15.0 or newer, and this is Node ${version}.`,
  );
});

test.each(["22.15.0", "22.15.1", "22.16.0", "24.0.0", "100.1.2"])("Node %s will do", (version) => {
  expect(nodeVersionProblem(version)).toBeUndefined();
});

test("a Node that is too old ends with exit code 1 before anything is loaded", async () => {
  const pretend =
    'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.20.2"}})';

  const run = promisify(execFile)(process.execPath, ["--import", pretend, ...program, "status"]);

  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Atlas needs Node .+\n$/),
  });
});
