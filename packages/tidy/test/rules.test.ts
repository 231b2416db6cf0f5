import { describe, expect, test } from "vitest";
import type { Rule } from "../src/rule.ts";
import { rules } from "../src/rules.ts";
import { type Changes, exampleFile, exampleWorkspace } from "./example-workspace.ts";

// Goal: each promise of the house style can be broken, and then exactly its rule says so.
// Method: a small repository that keeps every rule, and one change to it for each way to break one.

/** One way to break a rule: what is wrong, the change, and what the finding says. */
type Breach = readonly [wrong: string, changes: Changes, finding: RegExp];

const storeFile = "packages/storage/src/store.ts";
const indexFile = "packages/storage/src/index.ts";
const readmeFile = "packages/storage/README.md";
const manifestFile = "packages/storage/package.json";

const store = (code: string): Changes => ({ [storeFile]: `${exampleFile(storeFile)}${code}\n` });
const manifest = (path: string, fields: object): Changes => ({
  [path]: JSON.stringify({ ...(JSON.parse(exampleFile(path)) as object), ...fields }),
});
const replaced = (path: string, before: string, after: string): Changes => ({
  [path]: exampleFile(path).replace(before, after),
});

const breaches: Readonly<Record<string, readonly Breach[]>> = {
  "top-level": [
    ["a file is added", { "notes.md": "" }, /^notes\.md .*Nothing is added/],
    ["a folder is added", { "scripts/a.js": "" }, /^scripts /],
    ["a file is gone", { LICENSE: undefined }, /^LICENSE .*missing/],
    ["the pending changes are gone", { ".changeset/config.json": undefined }, /^\.changeset /],
  ],
  layering: [
    [
      "a package has no layer",
      manifest("packages/errors/package.json", { name: "@atlas/unknown" }),
      /@atlas\/unknown has no layer/,
    ],
    [
      "a package depends on a higher layer",
      manifest("packages/errors/package.json", { dependencies: { "@atlas/storage": "*" } }),
      /errors \(layer 0\) may not depend on @atlas\/storage \(layer 2\)/,
    ],
    [
      "a package develops with a higher layer",
      manifest("packages/errors/package.json", { devDependencies: { "@atlas/storage": "*" } }),
      /may not depend/,
    ],
    [
      "a source imports a higher layer",
      { "packages/errors/src/atlas-error.ts": 'import "@atlas/storage";' },
      /may not import @atlas\/storage/,
    ],
    [
      "a type imports a higher layer",
      { "packages/errors/test/a.ts": 'type A = import("@atlas/storage").Store;' },
      /may not import/,
    ],
    ["a source imports a private file", store('import "@atlas/errors/src/a.ts";'), /public entry/],
    ["a source imports nothing there is", store('import "@atlas/nothing";'), /is no package/],
    ["a source leaves its package", store('import "../../errors/src/index.ts";'), /leaves the/],
    ["a source imports a test", store('import "../test/store.test.ts";'), /is not part of src/],
    [
      "a dependency is not declared",
      manifest(manifestFile, { dependencies: {} }),
      /@atlas\/errors is missing in the dependencies/,
    ],
    [
      "a dependency of the sources is for development only",
      manifest(manifestFile, { dependencies: {}, devDependencies: { "@atlas/errors": "*" } }),
      /store\.ts:1 .*missing in the dependencies/,
    ],
  ],
  purity: [
    ["a library imports the container", store('import "tsyringe";'), /Only apps\/server/],
    ["a library imports metadata", store('import "reflect-metadata";'), /Only apps\/server/],
    ["a library reads the environment", store("const a = process.env;"), /process\.env.*belongs/],
    ["a library asks where it runs", store("const a = process.cwd();"), /process\.cwd/],
    ["a library prints", store('console.log("a");'), /console/],
    ["a library asks the clock", store("const a = Date.now();"), /Date\.now.*is called/],
    ["a library asks the clock by new", store("const a = new Date();"), /"Date" is called/],
    ["a library asks the monotonic clock", store("const a = performance.now();"), /performance/],
    ["a library throws dice", store("const a = Math.random();"), /Math\.random/],
    ["a library makes ids", store("const a = globalThis.crypto.randomUUID();"), /randomUUID/],
    [
      "a library makes ids by an import",
      store('import { randomUUID as id } from "node:crypto";\nconst a = { b: id() };'),
      /crypto\.randomUUID/,
    ],
    ["a default calls in a block", store("const a = { b: () => { Date.now(); } };"), /Date\.now/],
    ["an arrow function that is no default calls", store("run(() => Date.now());"), /Date\.now/],
    ["a function of another name calls", store("function randomly() { Date.now(); }"), /Date\.now/],
  ],
  "standard-files": [
    ["a library has no README", { [readmeFile]: undefined }, /README\.md .*missing/],
    ["a library has no design", { "packages/storage/docs/design.md": undefined }, /design\.md/],
    ["an application has no build", { "apps/server/tsconfig.build.json": undefined }, /build/],
    ["a library has no test", { "packages/errors/test/atlas-error.test.ts": undefined }, /no test/],
    ["a field differs", manifest(manifestFile, { license: "ISC" }), /"license" should be "MIT"/],
    ["a name is not its folder's", manifest(manifestFile, { name: "@atlas/errors" }), /"name"/],
    ["a script differs", manifest(manifestFile, { scripts: {} }), /script "build" should be/],
    ["a description is no sentence", manifest(manifestFile, { description: "stuff" }), /sentence/],
    [
      "types come before sources",
      manifest(manifestFile, {
        exports: {
          ".": { types: "./dist/index.d.ts", "@atlas/source": "./src/index.ts" },
          "./package.json": "./package.json",
        },
      }),
      /"exports" of "\." should be/,
    ],
    ["there is no main entry", manifest(manifestFile, { exports: {} }), /"exports" should offer/],
  ],
  entries: [
    ["a default export", store("export default 1;"), /no default exports/],
    ["a star in an entry", { [indexFile]: 'export * from "./store.ts";' }, /list the names/],
    ["a star with a name", { [indexFile]: 'export * as a from "./store.ts";' }, /list the names/],
    ["a re-export elsewhere", store('export { a } from "./errors.ts";'), /Only index\.ts/],
    ["code in an entry", { [indexFile]: "/** A. */\nexport const a = 1;" }, /only re-exports/],
    ["an import in an entry", { [indexFile]: 'import "./store.ts";' }, /only re-exports/],
    ["an entry that is too long", { [indexFile]: "\n".repeat(80) + "export {};" }, /81 lines; 80/],
    [
      "a class that is offered",
      {
        [storeFile]: "/** Keeps. */\nexport class Store {}",
        [indexFile]: 'export { Store } from "./store.ts";',
      },
      /Store is offered as a class/,
    ],
  ],
  api: [
    [
      "an export is not recorded",
      replaced("packages/storage/dist/store.d.ts", "now: number", "now: bigint"),
      /api\/index\.d\.ts\.txt .*does not offer what is recorded/,
    ],
    [
      "a type behind an export changes",
      replaced("packages/storage/dist/store.d.ts", "clock?", "time?"),
      /does not offer what is recorded/,
    ],
    ["an entry has no record", { "packages/errors/api/index.d.ts.txt": undefined }, /not recorded/],
    ["an entry is not built", { "packages/errors/dist/index.d.ts": undefined }, /not built/],
    ["a record has no entry", { "packages/errors/api/old.d.ts.txt": "" }, /No entry/],
  ],
  documented: [
    ["an interface without a comment", store("export interface A {}"), /store\.ts:13 .*A is exp/],
    ["a constant without a comment", store("export const a = 1;"), /a is exported/],
    ["a function below an empty comment", store("/** */\nexport function a() {}"), /a is exported/],
    ["a comment with something between", store("/** A. */\nrun();\nexport type A = 1;"), /A is/],
    ["a plain comment", store("/* A. */\nexport type A = 1;"), /A is exported/],
    ["a name exported later", store("const a = 1;\nexport { a };"), /a is exported/],
  ],
  size: [
    ["301 lines of code", store("run();\n".repeat(301)), /lines of code; 300 are the limit/],
    ["a file for anything", { "packages/errors/src/utils.ts": "" }, /"utils" can hold anything/],
    ["a folder for anything", { "packages/errors/src/common/a.ts": "" }, /"common"/],
  ],
  readme: [
    ["another title", replaced(readmeFile, "# @atlas/storage", "# Storage"), /should begin with/],
    ["no sentence", replaced(readmeFile, "Does one thing.", "- a list"), /One sentence/],
    ["a heading is missing", replaced(readmeFile, "## Guarantees\n", ""), /headings should be/],
    ["headings in another order", replaced(readmeFile, "## Usage\n", "## Uses\n"), /they are/],
    ["no command to install", replaced(readmeFile, "npm install", "pnpm add"), /Install should/],
    ["no program", replaced(readmeFile, "```ts", "```sh"), /Usage should hold/],
    ["201 lines", { [readmeFile]: `${exampleFile(readmeFile)}${"…\n".repeat(200)}` }, /200 are/],
    [
      "rules to keep are not told",
      replaced(readmeFile, "## Implementing your own\n", ""),
      /headings should be/,
    ],
  ],
  "error-codes": [
    [
      "a code is not told",
      replaced(readmeFile, "storage.busy", "a"),
      /Missing under .* storage\.busy/,
    ],
    [
      "a code is not pinned",
      { "packages/storage/test/store.test.ts": "" },
      /by no test: storage\.busy/,
    ],
  ],
  maps: [
    ["the README forgets a package", { "README.md": "" }, /^README\.md .*@atlas\/storage/],
    ["the map forgets a package", { "packages/README.md": "" }, /^packages\/README\.md .*storage/],
    ["turbo forgets a build", { "turbo.json": "{}" }, /"@atlas\/storage#build"/],
  ],
};

test("the example keeps every rule", () => {
  const findings = rules.flatMap((rule) => messagesOf(rule, {}));

  expect(findings).toEqual([]);
});

test("there is a way to break every rule", () => {
  expect(Object.keys(breaches).toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
});

describe.for(rules)("$name: $promise", (rule) => {
  test.for(breaches[rule.name] ?? [])("%s", ([, changes, finding]) => {
    expect(messagesOf(rule, changes)).toContainEqual(expect.stringMatching(finding));
  });
});

describe("what rules allow", () => {
  const allowed: readonly (readonly [string, Changes])[] = [
    ["a clock that is named", store("const a = { clock: Date.now };")],
    ["a call that is the default of an option", store("const a = { clock: () => new Date() };")],
    ["a call behind ??", store("const a = b ?? (() => Math.random());")],
    ["a call in a constant that says default", store("const defaultClock = () => Date.now();")],
    ["a call in a function that says random", store("function randomId() { Math.random(); }")],
    ["a call as the default of a parameter", store("function a(b = () => Date.now()) {}")],
    ["a date from a number", store("const a = new Date(0);")],
    ["a field called console", store("const a = { console: 1 };")],
    ["an application that prints", { "apps/server/src/main.ts": 'console.log("a");' }],
    ["a rule for testing in tests", { "packages/errors/test/b.ts": "Date.now();" }],
    ["300 lines of code and many comments", { [storeFile]: "run();\n// why\n\n".repeat(300) }],
    ["a plain comment below the doc comment", store("/** A. */\n// why\nexport type A = 1;")],
    ["an entry of 80 lines", { [indexFile]: "\n".repeat(79) + "export {};" }],
    [
      "an overload documented once",
      store("/** A. */\nexport function a(): 1;\nexport function a(): number { return 1; }"),
    ],
  ];

  test.for(allowed)("%s", ([, changes]) => {
    const pure = rules.filter(({ name }) => name !== "api" && name !== "error-codes");

    expect(pure.flatMap((rule) => messagesOf(rule, changes))).toEqual([]);
  });
});

function messagesOf(rule: Rule, changes: Changes): readonly string[] {
  return rule.check(exampleWorkspace(changes)).map(({ at, message }) => `${at} ${message}`);
}
