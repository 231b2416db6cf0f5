import { fencesOf, sectionOf } from "./markdown.ts";
import type { WorkspacePackage } from "./workspace.ts";

/** What a project needs that uses one packed package and nothing else of this repository. */
export interface ConsumerOptions {
  /** Package name → absolute path of its tarball, for every published package. */
  readonly tarballs: ReadonlyMap<string, string>;
  /** The range of `@types/node` to compile with. */
  readonly nodeTypes: string;
}

/**
 * The files of an otherwise empty project that uses one packed package: the
 * dependencies that its README says to install, careful compiler options, and
 * the README's Usage example as the program to compile and run. An application
 * is alone, and has no program: its command is run instead.
 */
export function consumerOf(
  owner: WorkspacePackage,
  { tarballs, nodeTypes }: ConsumerOptions,
): ReadonlyMap<string, string> {
  const { name, peerDependencies } = owner.manifest;
  const local = Object.fromEntries([...tarballs].map(([key, path]) => [key, `file:${path}`]));
  const installed = owner.kind === "app" ? [name] : installedBy(owner);
  const ranges = installed.map((key) => [key, local[key] ?? peerDependencies?.[key] ?? "*"]);
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(ranges),
    devDependencies: { "@types/node": nodeTypes },
  };
  const files = new Map([
    ["package.json", json(manifest)],
    // YAML reads JSON. What the package depends on comes from this repository too, not from npm.
    ["pnpm-workspace.yaml", json({ overrides: local, pmOnFail: "ignore" })],
  ]);
  const program = usageOf(owner);
  if (program === undefined) return files;
  return files
    .set("tsconfig.json", json({ compilerOptions, files: ["example.ts"] }))
    .set("example.ts", program);
}

/** The packages that the README of a package says to install with `npm install`. */
function installedBy({ files }: WorkspacePackage): readonly string[] {
  const install = sectionOf(files.get("README.md") ?? "", "Install");
  const [, names = ""] = /^npm install (.+)$/m.exec(install) ?? [];
  return names.split(/\s+/).filter((name) => name !== "" && !name.startsWith("-"));
}

/** The first program under Usage in a package's README. */
function usageOf({ files }: WorkspacePackage): string | undefined {
  const usage = sectionOf(files.get("README.md") ?? "", "Usage");
  return fencesOf(usage).find(({ language }) => language === "ts")?.code;
}

/** A careful user's options: everything checked, the declarations of packages too. */
const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: ["node"],
  outDir: "out",
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
