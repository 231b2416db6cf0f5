import { expect, test } from "vitest";
import { apiEntriesOf, apiReport } from "../src/api-report.ts";
import { exampleFile, exampleWorkspace } from "./example-workspace.ts";

test("a record tells every exported name, foreign names, and the types they lean on", () => {
  expect(exampleFile("packages/storage/api/index.d.ts.txt")).toBe(`// @atlas/storage

export type { AtlasError } from "@atlas/errors";

/** Keeps things. */
export interface Store extends Disposable {
    readonly now: number;
}

/** Opens a store. */
export declare function openStore(options?: StoreOptions): Store;

// Not exported, but part of the types above.

/** How it is opened. */
export interface StoreOptions {
    clock?: () => number;
}
`);
});

test("a type of another entry's file is told as leaned on", () => {
  expect(exampleFile("packages/storage/api/testing.d.ts.txt")).toBe(`// @atlas/storage/testing

/** What every store does. */
export declare const storeRules: readonly ((store: Store) => void)[];

// Not exported, but part of the types above.

/** Keeps things. */
export interface Store extends Disposable {
    readonly now: number;
}
`);
});

test("a record does not depend on the order of exports or on the file of a declaration", () => {
  const moved = {
    "packages/storage/dist/index.d.ts": [
      'export type { AtlasError } from "@atlas/errors";',
      'export { openStore } from "./open.ts";',
      'export { type Store } from "./store.ts";',
    ].join("\n"),
    "packages/storage/dist/open.d.ts": [
      'import { type Store, type StoreOptions } from "./store.ts";',
      "/** Opens a store. */",
      "export declare function openStore(options?: StoreOptions): Store;",
    ].join("\n"),
  };

  expect(reportOf(moved)).toBe(exampleFile("packages/storage/api/index.d.ts.txt"));
});

test("renamed exports, inline imports, classes and namespaced types are followed", () => {
  const report = reportOf({
    "packages/storage/dist/index.d.ts": 'export { inner as outer, type Twice } from "./deep.ts";',
    "packages/storage/dist/deep.d.ts": [
      'import type * as zod from "zod";',
      'export { inner } from "./inner.ts";',
      'export type Twice = import("./inner.ts").Once | zod.ZodType;',
    ].join("\n"),
    "packages/storage/dist/inner.d.ts": [
      "declare class Base { }",
      "declare class Inner extends Base { }",
      "export declare const inner: typeof Inner;",
      "export type Once = 1;",
      "export type Unseen = 2;",
    ].join("\n"),
  });

  expect(report).toBe(`// @atlas/storage

export { inner as outer };

export type Twice = import("./inner.ts").Once | zod.ZodType;

export declare const inner: typeof Inner;

// Not exported, but part of the types above.

declare class Base { }

declare class Inner extends Base { }

export type Once = 1;
`);
});

test("an entry that is not built has no record", () => {
  expect(reportOf({ "packages/storage/dist/index.d.ts": undefined })).toBeUndefined();
});

function reportOf(changes: Readonly<Record<string, string | undefined>>): string | undefined {
  const { files, packages } = exampleWorkspace(changes);
  const owner = packages.find(({ folder }) => folder === "packages/storage");
  const [entry] = owner === undefined ? [] : apiEntriesOf(owner);
  if (entry === undefined) throw new Error("The example has a storage package with an entry.");
  return apiReport(files, entry);
}
