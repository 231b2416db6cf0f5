import {
  dependencyGraph,
  hierarchy,
  hierarchyPath,
  createIndexCoordinator,
  type IndexCoordinator,
} from "@atlas/indexing";
import type { IndexStore } from "@atlas/indexing/testing";
import { defineTable, type NoValues, type RawRow, type SqlValue } from "@atlas/storage";
import { describe, expect, it } from "vitest";
import { seededRandom } from "./fixtures/seeded-random.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const step = defineTable("step", {
  columns: {
    id: { type: "text" },
    parent: { type: "text", nullable: true },
    segment: { type: "text" },
    path: { type: "text", default: "" },
    days: { type: "integer", default: 1 },
    state: { type: "text", default: "open" },
  },
  primaryKey: ["id"],
});
const waits = defineTable("waits", {
  columns: { step: { type: "text" }, for: { type: "text" } },
  primaryKey: ["step", "for"],
});
const tree = hierarchy({ name: "step_tree", table: "step", path: "path", parent: "parent" });
const graph = dependencyGraph({
  name: "waits",
  edges: { table: waits, from: "step", to: "for" },
  nodes: { table: step, key: "id", weight: "days", unfinished: "state <> 'done'" },
});
const path = hierarchyPath({
  name: "step_path",
  table: "step",
  column: "path",
  key: "id",
  parent: "parent",
  segment: "segment",
});

interface Plan extends IndexStore {
  readonly indexes: IndexCoordinator;
  add(id: string, parent?: string | null): Promise<void>;
  wait(from: string, to: string): Promise<void>;
  ids(condition: { sql: string; params: readonly SqlValue[] }): Promise<unknown[]>;
}

async function openPlan(): Promise<Plan> {
  const store = await openTemporaryStore();
  const { transactions, database } = store;
  for (const table of [step, waits])
    for (const sql of database.dialect.createTable(table))
      await transactions.connection.execute(sql);
  const indexes = createIndexCoordinator({
    transactions,
    dialect: database.dialect,
    tables: [step, waits],
    declarations: [...tree.declarations, ...graph.declarations, path],
  });
  await indexes.ensure();
  return {
    ...store,
    indexes,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    add: (id, parent = null) =>
      transactions.atomic(async (transaction) => {
        // A path nobody else has until the maintained one is there.
        await transaction.execute(
          "INSERT INTO step (id, parent, segment, path) VALUES (?, ?, ?, ?)",
          [id, parent, id, `new ${id}`],
        );
        await indexes.batchUpdate([{ table: "step", after: { id, parent, segment: id } }]);
      }),
    async wait(from, to) {
      await transactions.connection.execute("INSERT INTO waits VALUES (?, ?)", [from, to]);
    },
    async ids({ sql, params }) {
      const text = `SELECT id FROM step WHERE ${sql} ORDER BY id`;
      const rows = await transactions.connection.all<RawRow, NoValues>({ sql: text, params });
      return rows.map(({ id }) => id);
    },
  };
}

async function planOf({ transactions }: Plan, sql: string): Promise<string> {
  const { rows } = await transactions.connection.execute(`EXPLAIN QUERY PLAN ${sql}`);
  return rows.map(({ detail }) => String(detail)).join("\n");
}

describe("I1: a hierarchy", () => {
  it("answers subtree, descendants, ancestors and depth from the paths", async () => {
    await using plan = await openPlan();
    for (const [id, parent] of [
      ["a"],
      ["b", "a"],
      ["c", "b"],
      ["d", "a"],
      ["a-b"],
      ["a0"],
      ["e", "a-b"],
    ] as const) {
      await plan.add(id, parent);
    }

    expect(await plan.ids(tree.subtree("a"))).toEqual(["a", "b", "c", "d"]);
    expect(await plan.ids(tree.descendants("a"))).toEqual(["b", "c", "d"]);
    expect(await plan.ids(tree.descendants("a/b/c"))).toEqual([]);
    expect(await plan.ids(tree.ancestors("a/b/c"))).toEqual(["a", "b"]);
    expect(await plan.ids(tree.ancestors("a"))).toEqual([]);
    expect(await plan.ids({ sql: `${tree.depth} = 2`, params: [] })).toEqual(["c"]);
    expect(() => tree.ancestors("x/".repeat(1_000))).toThrow(
      expect.objectContaining({ code: "index.graph_too_large" }),
    );
    expect(() => tree.ancestors("x/".repeat(999))).not.toThrow();
  });

  it("is one indexed query each", async () => {
    await using plan = await openPlan();
    const sql = (condition: string): string =>
      `SELECT id FROM step WHERE ${condition}`.replaceAll("?", "'a'");

    for (const { sql: condition } of [
      tree.subtree("a"),
      tree.descendants("a"),
      tree.ancestors("a/b"),
    ]) {
      const text = await planOf(plan, sql(condition));
      expect(text).toContain("USING INDEX step_tree_path");
      expect(text).not.toContain("SCAN");
    }
  });

  it("the path follows when a branch moves, and verify compares it", async () => {
    await using plan = await openPlan();
    for (const [id, parent] of [["a"], ["b", "a"], ["c", "b"], ["z"]] as const) {
      await plan.add(id, parent);
    }
    await plan.transactions.atomic(async (transaction) => {
      await transaction.execute("UPDATE step SET parent = 'z' WHERE id = 'b'");
      const before = { id: "b", parent: "a", segment: "b" };
      await plan.indexes.batchUpdate([
        { table: "step", before, after: { ...before, parent: "z" } },
      ]);
    });

    expect(await plan.ids(tree.subtree("z"))).toEqual(["b", "c", "z"]);
    expect(await plan.ids(tree.descendants("a"))).toEqual([]);
    expect((await plan.indexes.verify()).findings).toEqual([]);
  });
});

describe("I1: a dependency graph", () => {
  it("follows edges both ways, through circles, and says when there is more", async () => {
    await using plan = await openPlan();
    for (const [from, to] of [
      ["d", "c"],
      ["c", "b"],
      ["b", "a"],
      ["x", "y"],
      ["y", "x"],
    ] as const) {
      await plan.wait(from, to);
    }
    const { connection } = plan.transactions;

    expect((await graph.dependencies(connection, ["d"])).keys.toSorted()).toEqual(["a", "b", "c"]);
    expect((await graph.dependents(connection, ["b"])).keys.toSorted()).toEqual(["c", "d"]);
    expect((await graph.dependencies(connection, ["x"])).keys.toSorted()).toEqual(["x", "y"]);
    expect(await graph.dependencies(connection, [])).toEqual({ keys: [], truncated: false });
    expect(await graph.dependencies(connection, ["d"], { nodesMax: 3 })).toMatchObject({
      truncated: false,
    });
    expect(await graph.dependencies(connection, ["d"], { nodesMax: 2 })).toEqual({
      keys: ["c", "b"],
      truncated: true,
    });
    await expect(graph.dependencies(connection, ["d"], { nodesMax: 0 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
  });

  it("has an index for each direction that the key is not", () => {
    expect(graph.declarations).toEqual([
      { kind: "secondary", name: "waits_backward", table: "waits", on: ["for", "step"] },
    ]);
  });

  // Goal: the longest chain is the longest. Method: random graphs without circles, against a plain
  // recursive search over all ways.
  it.each([1, 2, 3, 4])("finds the critical path of a random plan (seed %i)", async (seed) => {
    await using plan = await openPlan();
    const random = seededRandom(seed);
    const days: number[] = [];
    const edges: (readonly [number, number])[] = [];
    await plan.transactions.atomic(async (transaction) => {
      for (let at = 0; at < 40; at += 1) {
        days.push(Math.floor(random() * 9));
        const state = random() < 0.2 ? "done" : "open";
        if (state === "done") days[at] = Number.NaN;
        await transaction.execute(
          "INSERT INTO step (id, segment, path, days, state) VALUES (?, ?, ?, ?, ?)",
          [`s${at}`, `s${at}`, `s${at}`, Number.isNaN(days[at]) ? 5 : days[at]!, state],
        );
        for (let other = 0; other < at; other += 1) {
          if (random() > 0.08) continue;
          edges.push([at, other]);
          await transaction.execute("INSERT INTO waits VALUES (?, ?)", [`s${at}`, `s${other}`]);
        }
      }
    });
    const longestTo = (at: number): number => {
      if (Number.isNaN(days[at])) return Number.NEGATIVE_INFINITY;
      const before = edges.filter(([from]) => from === at).map(([, to]) => longestTo(to));
      return days[at]! + Math.max(0, ...before);
    };
    const all = days.map((_, at) => longestTo(at));

    const path = await graph.criticalPath(plan.transactions.connection);
    const last = all.findLastIndex((length) => Number.isFinite(length));
    const toLast = await graph.criticalPath(plan.transactions.connection, { to: `s${last}` });

    expect(path.weight).toBe(Math.max(...all));
    expect(
      path.keys.reduce<number>((sum, key) => sum + days[Number(String(key).slice(1))]!, 0),
    ).toBe(path.weight);
    for (const [at, key] of path.keys.entries()) {
      if (at === 0) continue;
      const [from, to] = [key, path.keys[at - 1]].map((each) => Number(String(each).slice(1)));
      expect(edges.some((edge) => edge[0] === from && edge[1] === to)).toBe(true);
    }
    expect([toLast.weight, toLast.keys.at(-1)]).toEqual([all[last], `s${last}`]);
  });

  it("names a circle, looks past one that is finished, and is bounded", async () => {
    await using plan = await openPlan();
    for (const id of ["a", "b", "c", "d"]) await plan.add(id);
    for (const [from, to] of [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
      ["d", "a"],
    ] as const) {
      await plan.wait(from, to);
    }
    const { connection } = plan.transactions;

    const failed = await graph.criticalPath(connection).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "index.graph_cycle", details: { length: 3 } });
    const { nodes } = (failed as { details: { nodes: string[] } }).details;
    expect(nodes.toSorted()).toEqual(["a", "b", "c"]);
    await connection.execute("UPDATE step SET state = 'done' WHERE id = 'c'");
    expect(await graph.criticalPath(connection)).toEqual({ keys: ["b", "a", "d"], weight: 3 });
    expect(await graph.criticalPath(connection, { to: "c" })).toEqual({ keys: [], weight: 0 });
    await expect(graph.criticalPath(connection, { nodesMax: 2 })).rejects.toMatchObject({
      code: "index.graph_too_large",
    });
    await expect(graph.criticalPath(connection, { edgesMax: 1 })).rejects.toMatchObject({
      code: "index.graph_too_large",
    });
    expect((await graph.criticalPath(connection, { nodesMax: 3, edgesMax: 2 })).weight).toBe(3);
  });
});
