import assert from "node:assert/strict";
import { openForest } from "./forest-fixture.ts";
import type { IndexRule } from "./index-rule.ts";

/** Verify finds what is planted, rebuild repairs it. */
export const verificationRules: readonly IndexRule[] = [
  {
    name: "verify finds nothing in a store that is sound",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a", body: "some words" });
      await forest.addEdge("b", "a");

      const report = await forest.indexes.verify();

      assert.deepEqual(
        { ...report, verified: report.verified.length },
        { ok: true, findings: [], truncated: false, verified: forest.indexes.declarations.length },
      );
    },
  },
  {
    name: "verify names the row, the right and the wrong value; rebuild repairs it",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a" });
      await forest.transactions.connection.execute("UPDATE node SET children = 7 WHERE id = 'a'");

      const report = await forest.indexes.verify(["node_children"]);
      const { repairedRows } = await forest.indexes.rebuild(["node_children"]);

      assert.deepEqual(report.findings, [
        {
          index: "node_children",
          kind: "maintained",
          problem: "value_differs",
          key: "a",
          expected: 1,
          actual: 7,
        },
      ]);
      assert.equal(repairedRows, 1);
      assert.equal((await forest.indexes.verify()).ok, true);
      assert.equal(await forest.read("children", "a"), 1);
    },
  },
  {
    name: "verify finds a value that is missing altogether",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a" });
      await forest.addNode("c", { parent_id: "b" });
      await forest.transactions.connection.execute("UPDATE node SET descendants = 0");

      const report = await forest.indexes.verify(["node_descendants"]);
      await forest.indexes.rebuild(["node_descendants"]);

      assert.deepEqual(report.findings.map(({ key }) => key).toSorted(), ["a", "b"]);
      assert.deepEqual(
        await Promise.all(["a", "b", "c"].map((id) => forest.read("descendants", id))),
        [2, 1, 0],
      );
    },
  },
  {
    name: "verify finds an index that was dropped; rebuild makes it again",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      const { database, indexes, transactions } = forest;
      for (const sql of database.dialect.dropIndex("node_open")) {
        await transactions.connection.execute(sql);
      }

      const report = await indexes.verify();
      await indexes.rebuild(["node_open"]);

      assert.deepEqual(report.findings, [
        { index: "node_open", kind: "secondary", problem: "missing" },
      ]);
      assert.equal((await indexes.verify()).ok, true);
      assert.equal(await indexes.count("node_open"), 1);
    },
  },
  {
    name: "verify finds an index that was made otherwise; rebuild makes it as declared",
    async check(subject) {
      await using forest = await openForest(subject);
      const { dialect } = forest.database;
      const { connection } = forest.transactions;
      const otherwise = { name: "edge_back", table: "edge", on: ["node_id"] };
      for (const sql of [...dialect.dropIndex("edge_back"), ...dialect.createIndex(otherwise)]) {
        await connection.execute(sql);
      }

      const report = await forest.indexes.verify();
      await forest.indexes.rebuild();

      assert.deepEqual(report.findings, [
        { index: "edge_back", kind: "secondary", problem: "definition_differs" },
      ]);
      assert.equal((await forest.indexes.verify()).ok, true);
    },
  },
  {
    name: "verify finds a search index that was dropped; rebuild makes and fills it again",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a", { title: "oak" });
      const { dialect } = forest.database;
      const index = { name: "node_search", table: "node", columns: { title: 10, body: 1 } };
      for (const sql of dialect.dropSearchIndex(index)) {
        await forest.transactions.connection.execute(sql);
      }

      const report = await forest.indexes.verify(["node_search"]);
      await forest.indexes.rebuild(["node_search"]);

      assert.deepEqual(report.findings, [
        { index: "node_search", kind: "search", problem: "missing" },
      ]);
      assert.equal((await forest.indexes.verify()).ok, true);
      assert.equal(await forest.indexes.count("node_search"), 1);
    },
  },
  {
    name: "verify keeps a bounded number of findings and says so",
    async check(subject) {
      await using forest = await openForest(subject);
      for (let at = 0; at < 120; at += 1) await forest.addNode(`n${at}`);
      await forest.transactions.connection.execute("UPDATE node SET children = 7");

      const { ok, findings, truncated } = await forest.indexes.verify();

      assert.deepEqual([ok, findings.length, truncated], [false, 100, true]);
    },
  },
];
