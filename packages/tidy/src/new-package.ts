import { standardManifest } from "./standard-manifest.ts";
import type { Files } from "./workspace.ts";

/** What a new package is called, where it stands, and what it is for. */
export interface NewPackage {
  /** kebab-case, without the scope. */
  readonly name: string;
  readonly layer: number;
  /** One sentence. */
  readonly description: string;
}

const layersFile = "packages/tidy/src/layers.ts";

/**
 * The files that bring a package into being: its own, and the lists that name
 * every package, as they read with it.
 *
 * @throws {RangeError} when the name, the layer or the description cannot be, or the package exists
 */
export function newPackageFiles(wanted: NewPackage, files: Files): Files {
  check(wanted, files);
  const folder = `packages/${wanted.name}`;
  return new Map([
    ...Object.entries(ownFiles(wanted)).map(([path, text]) => [`${folder}/${path}`, text] as const),
    ...Object.entries(listings(wanted)).map(
      ([path, change]) => [path, change(files.get(path) ?? "")] as const,
    ),
  ]);
}

function check({ name, layer, description }: NewPackage, files: Files): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new RangeError(`"${name}" is no name for a package: use kebab-case without the scope.`);
  if (!Number.isInteger(layer) || layer < 0 || layer > 8)
    throw new RangeError(
      `A library's layer is a whole number from 0 to 8; the map is in ${layersFile}.`,
    );
  if (!/^[A-Z].*\.$/.test(description))
    throw new RangeError(
      "The description is one sentence: it begins large and ends with a period.",
    );
  if (files.has(`packages/${name}/package.json`))
    throw new RangeError(`There is a package ${name} already.`);
}

/** How each list of packages takes up a new one. */
function listings({
  name,
  layer,
  description,
}: NewPackage): Readonly<Record<string, (text: string) => string>> {
  const row = (text: string, link: string): string =>
    insertRow(text, layer, `| ${layer} | [@atlas/${name}](${link}) | ${description} |`);
  return {
    [layersFile]: (text) =>
      text.includes(`"@atlas/${name}":`)
        ? text
        : text.replace(/^};$/m, `  "@atlas/${name}": ${layer},\n};`),
    "packages/README.md": (text) => row(text, name),
    "README.md": (text) => row(text, `packages/${name}`),
    "turbo.json": (text) =>
      text.replace(/("@atlas\/tidy#test": \{\s*"dependsOn": \[)/, `$1"@atlas/${name}#build", `),
  };
}

/** Puts a row into a table whose first column is the layer, below the rows of that layer. */
function insertRow(text: string, layer: number, row: string): string {
  const lines = text.split("\n");
  const layerOf = (line: string): number => Number(/^\| (\d+) +\|/.exec(line)?.[1] ?? Number.NaN);
  const last = lines.findLastIndex((line) => layerOf(line) <= layer);
  const ruler = lines.findIndex((line) => /^\| -+ /.test(line));
  return lines.toSpliced((last === -1 ? ruler : last) + 1, 0, row).join("\n");
}

function ownFiles({ name, description }: NewPackage): Readonly<Record<string, string>> {
  const full = `@atlas/${name}`;
  const manifest = standardManifest({ folder: `packages/${name}`, name: full, description });
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": tsconfig({
      compilerOptions: { noEmit: true },
      include: ["src", "test", "bench"],
    }),
    "tsconfig.build.json": tsconfig({
      compilerOptions: { rootDir: "src", outDir: "dist", customConditions: [] },
      include: ["src"],
    }),
    "vitest.config.ts": vitestConfig,
    "README.md": readme(full, description),
    "docs/design.md": `# The design of ${full}\n\n## Decisions\n\n## Rejected\n\n## Dependencies\n\nNone.\n`,
    "src/index.ts": "export {};\n",
    "test/index.test.ts": indexTest(full),
  };
}

function tsconfig(options: object): string {
  return `${JSON.stringify({ extends: "../../tsconfig.base.json", ...options }, null, 2)}\n`;
}

const vitestConfig = `import { defineConfig } from "vitest/config";
export default defineConfig({
  ssr: { resolve: { conditions: ["@atlas/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    coverage: { include: ["src/**/*.ts"], thresholds: { statements: 90, lines: 90 } },
  },
});
`;

function indexTest(full: string): string {
  return `import * as entry from "${full}";
import { expect, test } from "vitest";

test("the entry offers exactly these names", () => {
  expect(Object.keys(entry)).toEqual([]);
});
`;
}

function readme(full: string, description: string): string {
  return `# ${full}

${description}

## Use it when

## Not when

## Install

\`\`\`sh
npm install ${full}
\`\`\`

## Usage

\`\`\`ts
import assert from "node:assert/strict";
import * as entry from "${full}";

assert.deepEqual(Object.keys(entry), []);
\`\`\`

## Guarantees

## API

| Export | What it is |
| ------ | ---------- |

## Options

| Name | Default | Unit | Maximum |
| ---- | ------- | ---- | ------- |

## Errors

| Code | When | What to do |
| ---- | ---- | ---------- |

## Links

- [Design](docs/design.md)
- [All packages](../README.md)
`;
}
