import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { newPackageFiles } from "../src/new-package.ts";
import { readRepository, repositoryRoot } from "../src/repository.ts";
import type { Rule } from "../src/rule.ts";
import { rules } from "../src/rules.ts";
import { layeringRule } from "../src/rules/layering.ts";
import { tool } from "../src/run.ts";
import { describeWorkspace, type Workspace } from "../src/workspace.ts";
import { exampleWorkspace } from "./example-workspace.ts";

const queue = { name: "task-queue", layer: 3, description: "Keeps tasks in line." };

/** The files of this repository that list packages, and those that say how code is written. */
const lists = [
  "README.md",
  "packages/README.md",
  "packages/tidy/src/layers.ts",
  "turbo.json",
  "tsconfig.base.json",
  ".oxfmtrc.json",
];

const table = "| Layer | Package | For |\n| ----- | --- | --- |\n| 0 | a |\n| 2 | b |\n| 4 | c |\n";
const layersText = 'export const layers = {\n  "@atlas/errors": 0,\n};\n';

test("a new package stands in every list, below the rows of its layer", () => {
  const files = newPackageFiles(queue, listsOf({ "packages/README.md": table }));

  expect(files.get("packages/tidy/src/layers.ts")).toContain('  "@atlas/task-queue": 3,\n};');
  expect(files.get("packages/README.md")?.split("\n")[4]).toBe(
    "| 3 | [@atlas/task-queue](task-queue) | Keeps tasks in line. |",
  );
  expect(files.get("turbo.json")).toContain('"@atlas/task-queue#build"');
});

test("the first package of a layer stands below the head of the table", () => {
  const list = listsOf({ "packages/README.md": table.replace("| 0 ", "| 1 ") });

  const files = newPackageFiles({ ...queue, layer: 0 }, list);

  expect(files.get("packages/README.md")?.split("\n")[2]).toMatch(
    /^\| 0 \| \[@atlas\/task-queue\]/,
  );
});

test("a new package lacks nothing but its build and its record", () => {
  const { files } = exampleWorkspace();
  const lists = listsOf({ "packages/README.md": table, "README.md": table });
  const workspace = describeWorkspace(new Map([...files, ...newPackageFiles(queue, lists)]));

  const otherRules = rules.filter(({ name }) => name !== "layering");
  const layering = layeringRule({ "@atlas/task-queue": 3 });
  const lacking = [...otherRules, layering].flatMap((rule) =>
    findingsAbout("task-queue", rule, workspace),
  );

  expect(lacking).toEqual([
    "packages/task-queue/dist/index.d.ts This entry is not built: run pnpm build.",
  ]);
});

test.for([
  [{ name: "Queue" }, /is no name/],
  [{ name: "@atlas/queue" }, /is no name/],
  [{ name: "errors" }, /already/],
  [{ layer: 9 }, /from 0 to 8/],
  [{ layer: Number.NaN }, /from 0 to 8/],
  [{ layer: 1.5 }, /from 0 to 8/],
  [{ description: "stuff" }, /one sentence/],
] as const)("%o is refused", ([change, reason]) => {
  expect(() => newPackageFiles({ ...queue, ...change }, exampleWorkspace().files)).toThrow(reason);
});

test(
  "the command writes a package that is formatted, compiles and passes",
  { timeout: 60_000 },
  () => {
    const root = mkdtempSync(join(tmpdir(), "atlas-new-package-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    for (const path of lists) cpSync(join(repositoryRoot, path), join(root, path));
    symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"), "junction");
    const command = join(repositoryRoot, "packages/tidy/src/commands/new-package.ts");
    const run = (file: string, args: readonly string[], cwd = root): unknown =>
      execFileSync(file, args, { cwd, stdio: "pipe" });

    run(process.execPath, [command, "task-queue", "--layer", "3", "--root", root]);

    const folder = join(root, "packages/task-queue");
    run(tool("oxfmt"), ["--check", "packages", "README.md", "turbo.json"]);
    run(tool("tsc"), [], folder);
    run(tool("tsc"), ["-p", "tsconfig.build.json"], folder);
    run(tool("vitest"), ["run"], folder);
    const built = readRepository(root).files.get("packages/task-queue/dist/index.d.ts");
    expect(built).toMatch(/^export \{\};/);
  },
);

function listsOf(changes: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const turbo = JSON.stringify({ tasks: { "@atlas/tidy#test": { dependsOn: ["x"] } } }, null, 2);
  const files = { "packages/tidy/src/layers.ts": layersText, "turbo.json": turbo, ...changes };
  return new Map(Object.entries(files));
}

function findingsAbout(name: string, rule: Rule, workspace: Workspace): readonly string[] {
  return rule
    .check(workspace)
    .map(({ at, message }) => `${at} ${message}`)
    .filter((finding) => finding.includes(name));
}
