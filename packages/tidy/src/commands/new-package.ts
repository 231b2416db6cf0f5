// `pnpm new-package <name> --layer <n> [--description <sentence>]`: writes the standard files of a
// package and adds it to the layer map and to every list of packages.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { newPackageFiles } from "../new-package.ts";
import { readRepository, repositoryRoot } from "../repository.ts";
import { run, tool } from "../run.ts";

const { values, positionals } = parseArgs({
  options: {
    layer: { type: "string" },
    description: { type: "string" },
    root: { type: "string", default: repositoryRoot },
  },
  allowPositionals: true,
});
const [name = ""] = positionals;
const wanted = {
  name,
  layer: Number(values.layer ?? Number.NaN),
  description: values.description ?? `The ${name.replaceAll("-", " ")} of Atlas.`,
};

const written: string[] = [];
const { files } = readRepository(values.root);
for (const [path, text] of newPackageFiles(wanted, files)) {
  const target = join(values.root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  written.push(path);
}
await run(tool("oxfmt"), written, { cwd: values.root, output: "stderr" });
process.stdout.write(`${written.join("\n")}\n`);
process.stdout.write("Now run pnpm install, then write the first five sections of its README.\n");
