// `pnpm packs [package…] [--node=<version>]`: packs every published package as npm would get it,
// looks into the tarball, installs each alone in an empty project, compiles the Usage example of
// its README there with every declaration checked, and runs it. `--node` runs it with that Node.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ConsumerOptions, consumerOf } from "../consumer.ts";
import { readRepository, repositoryRoot } from "../repository.ts";
import { mapConcurrently, run, type RunResult, tool } from "../run.ts";
import { type Tarball, tarballFaults } from "../tarball.ts";
import { isAsked, type WorkspacePackage } from "../workspace.ts";

/** One look at one package: what is done, and what came of it. */
interface Step {
  readonly name: string;
  readonly result: RunResult;
}

interface Packed {
  readonly owner: WorkspacePackage;
  readonly tarball: Tarball;
}

const concurrency = 2;
const { values, positionals } = parseArgs({
  options: { node: { type: "string" } },
  allowPositionals: true,
});

const published = readRepository().packages.filter(({ manifest }) => manifest.private !== true);
const scratch = await mkdtemp(join(tmpdir(), "atlas-packs-"));
try {
  const node = await nodeToRunWith(values.node);
  const packs = await mapConcurrently(published, concurrency, pack);
  const tarballs = new Map(
    packs.map(({ owner, tarball }) => [owner.manifest.name, tarball.filename]),
  );
  const options = { tarballs, nodeTypes: "^24.0.0", node };
  const asked = packs.filter(({ owner }) => isAsked(owner, positionals));
  const results = await mapConcurrently(asked, concurrency, (packed) => tryOut(packed, options));
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function pack(owner: WorkspacePackage): Promise<Packed> {
  const { ok, output } = await run("pnpm", ["pack", "--json", "--pack-destination", scratch], {
    cwd: join(repositoryRoot, owner.folder),
    output: "capture",
  });
  if (!ok) throw new Error(`${owner.manifest.name} cannot be packed.\n${output}`);
  return { owner, tarball: JSON.parse(output) as Tarball };
}

/** Does everything a user does with one package, and prints how far that went. */
async function tryOut(
  { owner, tarball }: Packed,
  options: ConsumerOptions & { readonly node: string },
): Promise<boolean> {
  const done: string[] = [];
  for await (const { name, result } of stepsOf({ owner, tarball }, options)) {
    if (!result.ok) {
      process.stdout.write(`✗ ${owner.manifest.name}: ${name}\n${result.output}\n`);
      return false;
    }
    done.push(name);
  }
  process.stdout.write(`✓ ${owner.manifest.name}: ${done.join(", ")}\n`);
  return true;
}

async function* stepsOf(
  { owner, tarball }: Packed,
  options: ConsumerOptions & { readonly node: string },
): AsyncGenerator<Step> {
  const faults = tarballFaults(owner, tarball);
  yield { name: "files", result: { ok: faults.length === 0, output: faults.join("\n") } };

  const { filename } = tarball;
  const look = (command: string, ...args: string[]): Promise<RunResult> =>
    run(command, args, { output: "capture" });
  yield { name: "publint", result: await look(tool("publint"), "run", filename, "--strict") };
  const profile = ["--profile", "esm-only", "--no-emoji"];
  if (owner.kind === "package")
    yield { name: "attw", result: await look(tool("attw"), filename, ...profile) };

  const files = consumerOf(owner, options);
  const cwd = await writeProject(owner, files);
  const use = (command: string, ...args: string[]): Promise<RunResult> =>
    run(command, args, { output: "capture", cwd });
  const install = ["install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"];
  yield { name: "install", result: await use("pnpm", ...install) };
  if (owner.kind === "app") {
    const command = join(cwd, "node_modules", owner.manifest.name, "dist/main.js");
    yield { name: "atlas --version", result: await use(options.node, command, "--version") };
    return;
  }
  const hasProgram = files.has("example.ts");
  yield { name: "usage", result: { ok: hasProgram, output: "The README has no Usage program." } };
  yield { name: "compile", result: await use(tool("tsc")) };
  yield { name: "run", result: await use(options.node, "out/example.js") };
}

async function writeProject(
  owner: WorkspacePackage,
  files: ReadonlyMap<string, string>,
): Promise<string> {
  const folder = join(scratch, owner.folder);
  await mkdir(folder, { recursive: true });
  for (const [path, text] of files) await writeFile(join(folder, path), text);
  return folder;
}

/** The Node that users' programs run with: this one, or another version from npm. */
async function nodeToRunWith(version: string | undefined): Promise<string> {
  if (version === undefined) return process.execPath;
  const args = ["exec", "--yes", "--ignore-scripts=false", `--package=node@${version}`];
  const { ok, output } = await run("npm", [...args, "--", "node", "-p", "process.execPath"], {
    output: "capture",
  });
  if (!ok) throw new Error(`Node ${version} cannot be fetched.\n${output}`);
  return output.trim().split("\n").at(-1) ?? process.execPath;
}
