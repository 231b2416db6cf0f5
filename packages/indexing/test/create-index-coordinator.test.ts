import {
  createIndexCoordinator,
  indexErrorCodes,
  type IndexDeclaration,
  type IndexEvent,
} from "@atlas/indexing";
import {
  forestIndexes,
  forestMade,
  forestTables,
  openForest,
} from "../src/testing/forest-fixture.ts";
import { describe, expect, it } from "vitest";
import { openTemporaryStore } from "./temporary-store.ts";

const children = forestIndexes.find(({ name }) => name === "node_children")!;

describe("I1: declarations", () => {
  // Goal: a declaration that cannot work is refused when the coordinator is made, not at the
  // first write. Method: one wrong declaration per line, and what the message must name.
  it.each<[string, object, string]>([
    ["an unknown table", { table: "nothing" }, "table is not declared"],
    ["a name that is no identifier", { name: 'x"; --' }, "not an identifier"],
    ["an unknown column", { kind: "secondary", on: ["nothing"] }, 'no column "nothing"'],
    ["no columns", { kind: "unique", on: [] }, "names no columns"],
    ["no searched columns", { kind: "search", columns: {} }, "names no columns"],
    ["a prefix out of range", { kind: "search", columns: { title: 1 }, prefix: [0] }, "prefixes"],
    ["an unknown stem", { kind: "search", columns: { title: 1 }, stem: "latin" }, "no stem"],
    [
      "substrings with a stem",
      { kind: "search", columns: { title: 1 }, substring: true, stem: "english" },
      "neither prefixes nor a stem",
    ],
    ["a searched number", { kind: "search", columns: { children: 1 } }, "is not text"],
    ["a weight out of range", { kind: "search", columns: { title: 0 } }, "the weight of"],
    ["a kind that does not exist", { kind: "bitmap" }, "kind is unknown"],
    ["a key that is not the primary key", { key: "title" }, "not the primary key"],
    ["a column that is its own key", { column: "id" }, "its own key"],
    ["an empty expression", { expression: " " }, "expression is empty"],
    ["an affecting table", { affectedBy: [{ table: "x", via: "id" }] }, '"x" is not declared'],
    ["an affecting column", { affectedBy: [{ table: "node", via: "x" }] }, 'no column "x"'],
    [
      "a table in between",
      {
        affectedBy: [
          { table: "node", via: "id", through: { table: "edge", match: "x", key: "y" } },
        ],
      },
      'no column "x"',
    ],
  ])("refuses %s", async (_what, change, message) => {
    await using store = await openTemporaryStore();
    const declarations = [{ ...children, ...change } as IndexDeclaration];

    expect(() => create(store, declarations)).toThrow(
      expect.objectContaining({
        code: "index.declaration_invalid",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("refuses two declarations of one name and more than the maximum", async () => {
    await using store = await openTemporaryStore();
    const upper = { ...children, name: children.name.toUpperCase() };
    const many = Array.from({ length: 1_001 }, (_, at) => ({ ...children, name: `i${at}` }));

    expect(() => create(store, [children, upper])).toThrow(/has the same name/);
    expect(() => create(store, many)).toThrow(/at most 1000/);
    expect(() => create(store, many.slice(1))).not.toThrow();
  });

  it("refuses options that do not exist", async () => {
    await using store = await openTemporaryStore();
    const { transactions, database } = store;
    const options = { transactions, dialect: database.dialect, tables: [], declarations: [] };

    expect(() => createIndexCoordinator({ ...options, findingMax: 1 } as never)).toThrow(
      expect.objectContaining({ code: "configuration.unknown_option" }),
    );
    expect(() => createIndexCoordinator({ ...options, findingsMax: 0 })).toThrow(
      expect.objectContaining({ code: "configuration.invalid_option" }),
    );
  });
});

describe("I2: one writer per store, many processes", () => {
  it("several coordinators that start at once make each index once", async () => {
    await using forest = await openForest(
      { create: createIndexCoordinator, open: openTemporaryStore },
      [],
    );
    const coordinators = Array.from({ length: 4 }, () => create(forest, forestIndexes));

    const reports = await Promise.all(coordinators.map((indexes) => indexes.ensure()));

    expect(reports.flatMap(({ created }) => created).toSorted()).toEqual(
      forestMade.map(({ name }) => name).toSorted(),
    );
  });

  it("an ensure that fails leaves nothing behind", async () => {
    await using forest = await openForest(
      { create: createIndexCoordinator, open: openTemporaryStore },
      [],
    );
    const wrong: IndexDeclaration = {
      kind: "secondary",
      name: "node_wrong",
      table: "node",
      on: [{ expression: "no_such_function(title)" }],
    };

    await expect(create(forest, [...forestIndexes, wrong]).ensure()).rejects.toMatchObject({
      code: "storage.statement_invalid",
    });
    expect((await create(forest, forestIndexes).verify()).findings).toHaveLength(forestMade.length);
  });

  it("more keys than an update accepts are refused", async () => {
    await using forest = await openForest({
      create: createIndexCoordinator,
      open: openTemporaryStore,
    });
    const keys = Array.from({ length: 100_001 }, (_, at) => at);

    await expect(
      forest.transactions.atomic(() => forest.indexes.update("node", keys)),
    ).rejects.toMatchObject({ code: "index.too_many_keys" });
  });

  it("update and ensure tell their observer, whose errors change nothing", async () => {
    await using forest = await openForest(
      { create: createIndexCoordinator, open: openTemporaryStore },
      [],
    );
    const events: IndexEvent[] = [];
    const progress = { type: "index.progress" };
    const indexes = createIndexCoordinator({
      transactions: forest.transactions,
      dialect: forest.database.dialect,
      tables: forestTables,
      declarations: forestIndexes,
      clock: () => 7,
      monotonicClock: () => 7,
      onEvent(event) {
        events.push(event);
        throw new Error("the observer is broken");
      },
    });

    await indexes.ensure();
    await forest.addNode("a");
    await forest.addNode("b", { parent_id: "a" });
    await forest.transactions.atomic(() => indexes.update("node", ["a", "b"]));
    await indexes.verify(["node_children"]);
    await indexes.rebuild(["edge_back"]);

    expect(events).toEqual([
      { type: "index.ensured", created: 7, replaced: 0, removed: 0, durationMs: 0 },
      { type: "index.maintained", index: "node_children", rows: 1 },
      { type: "index.maintained", index: "node_descendants", rows: 1 },
      { ...progress, index: "node_children", kind: "maintained", phase: "verify", done: 2 },
      { type: "index.verified", indexes: 1, findings: 0, truncated: false, durationMs: 0 },
      { ...progress, index: "edge_back", kind: "secondary", phase: "rebuild", done: 0 },
      {
        type: "index.rebuilt",
        index: "edge_back",
        kind: "secondary",
        repairedRows: 0,
        slices: 1,
        longestSliceMs: 0,
        durationMs: 0,
      },
    ]);
  });
});

describe("E1: error codes", () => {
  it("are public and stay", () => {
    expect(Object.keys(indexErrorCodes)).toEqual([
      "index.declaration_invalid",
      "index.unknown",
      "index.not_searchable",
      "index.search_invalid",
      "index.transaction_required",
      "index.cascade_endless",
      "index.too_many_keys",
      "index.primary_missing",
      "index.aborted",
      "index.graph_cycle",
      "index.graph_too_large",
    ]);
  });
});

function create(
  { transactions, database }: Awaited<ReturnType<typeof openTemporaryStore>>,
  declarations: readonly IndexDeclaration[],
): ReturnType<typeof createIndexCoordinator> {
  return createIndexCoordinator({
    transactions,
    dialect: database.dialect,
    tables: forestTables,
    declarations,
  });
}
