import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { examplesOf } from "../src/examples.ts";
import { readRepository, repositoryRoot } from "../src/repository.ts";
import { exampleWorkspace } from "./example-workspace.ts";

// Goal: what a page shows works. Method: every ```ts fence of a README and of docs/ is a program
// that runs from source, beside its package, in an empty folder as its working directory.

const examples = examplesOf(readRepository());

test.for(examples)("$name runs", { timeout: 60_000 }, async ({ folder, code }) => {
  const beside = join(repositoryRoot, folder, ".cache");
  await mkdir(beside, { recursive: true });
  const place = mkdtempSync(join(beside, "example-"));
  const cwd = mkdtempSync(join(tmpdir(), "atlas-example-"));
  onTestFinished(() => {
    for (const path of [place, cwd]) rmSync(path, { recursive: true, force: true });
  });
  const file = join(place, "example.ts");
  writeFileSync(file, code);

  const program = promisify(execFile)(process.execPath, ["--conditions=@atlas/source", file], {
    cwd,
  });

  await expect(program).resolves.toBeDefined();
});

test("examples are the ts fences of READMEs and docs, with the place they stand at", () => {
  const page = "# Page\n\n```sh\nrm -r .\n```\n\n```ts\nrun();\n```\n";
  const workspace = exampleWorkspace({
    "packages/errors/README.md": page,
    "packages/storage/README.md": undefined,
    "packages/storage/docs/speed.md": page,
    "packages/storage/test/fixtures/page.md": page,
    "apps/server/README.md": page,
  });

  expect(examplesOf(workspace)).toEqual([
    { name: "apps/server/README.md:8", folder: "apps/server", code: "run();\n" },
    { name: "packages/errors/README.md:8", folder: "packages/errors", code: "run();\n" },
    { name: "packages/storage/docs/speed.md:8", folder: "packages/storage", code: "run();\n" },
  ]);
});
