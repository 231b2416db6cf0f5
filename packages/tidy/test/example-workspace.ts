import { apiEntriesOf, apiReport } from "../src/api-report.ts";
import { standardConditions, standardManifest } from "../src/standard-manifest.ts";
import { describeWorkspace, type Files, type Workspace } from "../src/workspace.ts";

/** What a broken example differs in: path → its text, or nothing to take the file away. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** A small repository of two libraries and an application that keeps every rule. */
export function exampleWorkspace(changes: Changes = {}): Workspace {
  const files = new Map(exampleFiles);
  for (const [path, text] of Object.entries(changes))
    if (text === undefined) files.delete(path);
    else files.set(path, text);
  return describeWorkspace(files);
}

/** The text of one file of the example. */
export function exampleFile(path: string): string {
  const text = exampleFiles.get(path);
  if (text === undefined) throw new Error(`The example has no ${path}.`);
  return text;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

const errors = standardManifest({
  folder: "packages/errors",
  name: "@atlas/errors",
  description: "One error type.",
});

const storage = {
  ...standardManifest({
    folder: "packages/storage",
    name: "@atlas/storage",
    description: "Keeps things.",
  }),
  exports: {
    ".": standardConditions("."),
    "./testing": standardConditions("./testing"),
    "./package.json": "./package.json",
  },
  dependencies: { "@atlas/errors": "workspace:^" },
};

const server = {
  ...standardManifest({ folder: "apps/server", name: "@atlas/server", description: "Serves." }),
  sideEffects: undefined,
  exports: { "./package.json": "./package.json" },
  dependencies: { "@atlas/storage": "workspace:^" },
};

function readmeOf(name: string, extra: readonly string[]): string {
  const fence = `\`\`\`ts\nimport "${name}";\n// ## Not a heading\n\`\`\``;
  const sections = [
    ["Use it when", "…"],
    ["Not when", "…"],
    ["Install", `npm install ${name}`],
    ["Usage", fence],
    ["Guarantees", "…"],
    ["API", "…"],
    ["Options", "…"],
    ["Errors", "| `storage.busy` | when busy | wait |"],
    ...extra.map((heading) => [heading, "…"]),
    ["Links", "…"],
  ];
  const body = sections.map(([heading, text]) => `## ${heading}\n\n${text}\n`).join("\n");
  return `# ${name}\n\nDoes one thing.\n\n${body}`;
}

function library(folder: string, manifest: object, readme: string): [string, string][] {
  const files = {
    "package.json": json(manifest),
    "README.md": readme,
    "docs/design.md": "# Design\n",
    "tsconfig.json": "{}",
    "tsconfig.build.json": "{}",
    "vitest.config.ts": "export default {};\n",
  };
  return Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]);
}

const rootFiles = {
  "package.json": "{}",
  "pnpm-workspace.yaml": "",
  "pnpm-lock.yaml": "",
  "tsconfig.base.json": "{}",
  LICENSE: "",
  ".gitignore": "",
  ".changeset/config.json": "{}",
  "README.md":
    "[@atlas/errors](packages/errors) [@atlas/storage](packages/storage) [@atlas/server](apps/server)",
  "packages/README.md": "[@atlas/errors](errors) [`@atlas/storage`](storage)",
  "turbo.json": json({
    tasks: {
      "@atlas/tidy#test": {
        dependsOn: ["@atlas/errors#build", "@atlas/storage#build", "@atlas/server#build"],
      },
    },
  }),
};

const sources = {
  "packages/errors/src/index.ts": 'export { AtlasError } from "./atlas-error.ts";\n',
  "packages/errors/src/atlas-error.ts":
    "/** The root of all errors. */\nexport class AtlasError extends Error {}\n",
  "packages/errors/test/atlas-error.test.ts": 'import { AtlasError } from "@atlas/errors";\n',
  "packages/errors/dist/index.d.ts": 'export { AtlasError } from "./atlas-error.ts";\n',
  "packages/errors/dist/atlas-error.d.ts":
    "/** The root of all errors. */\nexport declare class AtlasError extends Error {\n}\n",
  "packages/storage/src/index.ts": [
    'export { openStore, type Store } from "./store.ts";',
    'export type { AtlasError } from "@atlas/errors";',
    "",
  ].join("\n"),
  "packages/storage/src/store.ts": [
    'import { AtlasError } from "@atlas/errors";',
    "",
    "/** Keeps things. */",
    "export interface Store extends Disposable {",
    "  readonly now: number;",
    "}",
    "",
    "/** Opens a store. */",
    "export function openStore({ clock = Date.now }: { clock?: () => number } = {}): Store {",
    "  if (clock() < 0) throw new AtlasError();",
    "  return { now: clock(), [Symbol.dispose]() {} };",
    "}",
    "",
  ].join("\n"),
  "packages/storage/src/errors.ts": [
    "/** The codes. */",
    "export const storageErrorCodes = {",
    '  "storage.busy": { retryable: true },',
    "};",
    "",
  ].join("\n"),
  "packages/storage/src/testing/index.ts": 'export { storeRules } from "./store-rules.ts";\n',
  "packages/storage/src/testing/store-rules.ts": [
    'import type { Store } from "../store.ts";',
    "",
    "/** What every store does. */",
    "export const storeRules: readonly ((store: Store) => void)[] = [];",
    "",
  ].join("\n"),
  "packages/storage/test/store.test.ts": [
    'import { openStore } from "@atlas/storage";',
    'import { storeRules } from "@atlas/storage/testing";',
    'const code = "storage.busy";',
    "",
  ].join("\n"),
  "packages/storage/dist/index.d.ts": [
    'export { openStore, type Store } from "./store.ts";',
    'export type { AtlasError } from "@atlas/errors";',
    "",
  ].join("\n"),
  "packages/storage/dist/store.d.ts": [
    "/** How it is opened. */",
    "export interface StoreOptions {",
    "    clock?: () => number;",
    "}",
    "/** Keeps things. */",
    "export interface Store extends Disposable {",
    "    readonly now: number;",
    "}",
    "/** Opens a store. */",
    "export declare function openStore(options?: StoreOptions): Store;",
    "",
  ].join("\n"),
  "packages/storage/dist/testing/index.d.ts": 'export { storeRules } from "./store-rules.ts";\n',
  "packages/storage/dist/testing/store-rules.d.ts": [
    'import type { Store } from "../store.ts";',
    "/** What every store does. */",
    "export declare const storeRules: readonly ((store: Store) => void)[];",
    "",
  ].join("\n"),
  "apps/server/src/main.ts": 'import "reflect-metadata";\nimport "@atlas/storage";\n',
  "apps/server/test/main.test.ts": "",
};

const unrecorded = new Map([
  ...Object.entries(rootFiles),
  ...library("packages/errors", errors, readmeOf("@atlas/errors", [])),
  ...library("packages/storage", storage, readmeOf("@atlas/storage", ["Implementing your own"])),
  ...library("apps/server", server, "# @atlas/server\n"),
  ...Object.entries(sources),
]);

/** The same files with the records of what they offer. */
const exampleFiles: Files = new Map([
  ...unrecorded,
  ...describeWorkspace(unrecorded).packages.flatMap((owner) =>
    apiEntriesOf(owner).map((entry) => [entry.record, apiReport(unrecorded, entry) ?? ""] as const),
  ),
]);
