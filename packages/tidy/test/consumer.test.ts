import { expect, test } from "vitest";
import { consumerOf } from "../src/consumer.ts";
import { tarballFaults } from "../src/tarball.ts";
import type { WorkspacePackage } from "../src/workspace.ts";
import { type Changes, exampleFile, exampleWorkspace } from "./example-workspace.ts";

const options = {
  tarballs: new Map([
    ["@atlas/errors", "/packs/errors.tgz"],
    ["@atlas/storage", "/packs/storage.tgz"],
    ["@atlas/server", "/packs/server.tgz"],
  ]),
  nodeTypes: "^24.0.0",
};

test("a consumer installs what the README says, and takes our own from tarballs", () => {
  const manifestFile = "packages/storage/package.json";
  const readmeFile = "packages/storage/README.md";
  const manifest = JSON.parse(exampleFile(manifestFile)) as object;
  const command = "npm install @atlas/storage zod driver";
  const owner = packageOf("packages/storage", {
    [manifestFile]: JSON.stringify({ ...manifest, peerDependencies: { zod: "^4" } }),
    [readmeFile]: exampleFile(readmeFile).replace("npm install @atlas/storage", command),
  });

  const files = consumerOf(owner, options);

  expect(parsed(files, "package.json")).toEqual({
    name: "consumer",
    private: true,
    type: "module",
    dependencies: { "@atlas/storage": "file:/packs/storage.tgz", zod: "^4", driver: "*" },
    devDependencies: { "@types/node": "^24.0.0" },
  });
  expect(parsed(files, "pnpm-workspace.yaml")).toMatchObject({
    overrides: { "@atlas/errors": "file:/packs/errors.tgz" },
  });
});

test("a consumer runs the Usage example, with every declaration checked", () => {
  const files = consumerOf(packageOf("packages/storage"), options);

  expect(files.get("example.ts")).toBe('import "@atlas/storage";\n// ## Not a heading\n');
  expect(parsed(files, "tsconfig.json")).toMatchObject({
    compilerOptions: { skipLibCheck: false },
  });
});

test("an application has no program to compile", () => {
  const files = consumerOf(packageOf("apps/server"), options);

  expect([...files.keys()]).toEqual(["package.json", "pnpm-workspace.yaml"]);
  expect(parsed(files, "package.json")).toMatchObject({
    dependencies: { "@atlas/server": "file:/packs/server.tgz" },
  });
});

test("a tarball without a license, or with output of a deleted source, is refused", () => {
  const paths = [
    "README.md",
    "package.json",
    "dist/store.js",
    "dist/gone.js",
    "dist/gone.d.ts.map",
  ];
  const tarball = { filename: "a.tgz", files: paths.map((path) => ({ path })) };

  expect(tarballFaults(packageOf("packages/storage"), tarball)).toEqual([
    "LICENSE is not packed.",
    "dist/gone.js was built from a source that is gone: delete dist.",
  ]);
});

function packageOf(folder: string, changes: Changes = {}): WorkspacePackage {
  const owner = exampleWorkspace(changes).packages.find((found) => found.folder === folder);
  if (owner === undefined) throw new Error(`The example has no ${folder}.`);
  return owner;
}

function parsed(files: ReadonlyMap<string, string>, path: string): unknown {
  return JSON.parse(files.get(path) ?? "");
}
