import type { Manifest } from "./workspace.ts";

/** What tells one published package from another. */
export interface PackageIdentity {
  /** Folder from the repository root: `packages/storage`. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
}

/** What every published package says in its `package.json`, in this order. */
export function standardManifest({ folder, name, description }: PackageIdentity): Manifest {
  return {
    name,
    version: "0.1.0",
    description,
    license: "MIT",
    repository: {
      type: "git",
      url: "git+https://github.com/atlas-tasks/atlas.git",
      directory: folder,
    },
    files: ["dist", "src"],
    type: "module",
    sideEffects: false,
    exports: { ".": standardConditions("."), "./package.json": "./package.json" },
    publishConfig: { access: "public", provenance: true },
    scripts: {
      build: "tsc -p tsconfig.build.json",
      check: "tsc",
      test: "vitest run",
      coverage: "vitest run --coverage",
    },
    engines: { node: ">=22.15" },
  };
}

/** The conditions of one entry: sources for this repository first, then types, then code. */
export function standardConditions(subpath: string): Readonly<Record<string, string>> {
  const folder = subpath === "." ? "" : `${subpath.slice(2)}/`;
  return {
    "@atlas/source": `./src/${folder}index.ts`,
    types: `./dist/${folder}index.d.ts`,
    default: `./dist/${folder}index.js`,
  };
}
