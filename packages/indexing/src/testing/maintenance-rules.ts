import assert from "node:assert/strict";
import { openForest } from "./forest-fixture.ts";
import type { IndexRule } from "./index-rule.ts";

/** Maintained columns follow the data in the transaction that changes it. */
export const maintenanceRules: readonly IndexRule[] = [
  {
    name: "what loses a row and what gains it are both recomputed",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b");
      const before = await forest.addNode("leaf", { parent_id: "a" });
      assert.deepEqual([await forest.read("children", "a")], [1]);

      await forest.transactions.atomic(async (transaction) => {
        await transaction.execute("UPDATE node SET parent_id = 'b' WHERE id = 'leaf'");
        const after = { ...before, parent_id: "b" };
        await forest.indexes.batchUpdate([{ table: "node", before, after }]);
      });

      assert.deepEqual(
        [await forest.read("children", "a"), await forest.read("children", "b")],
        [0, 1],
      );
    },
  },
  {
    name: "a change reaches rows that another table connects with it",
    async check(subject) {
      await using forest = await openForest(subject);
      const first = await forest.addNode("first");
      const second = await forest.addNode("second");
      await forest.addNode("last");
      await forest.addEdge("last", "first");
      await forest.addEdge("last", "second");
      assert.equal(await forest.read("blockers", "last"), 2);

      await forest.setState(first, "done");
      assert.equal(await forest.read("blockers", "last"), 1);
      await forest.setState(second, "done");
      assert.equal(await forest.read("blockers", "last"), 0);
    },
  },
  {
    name: "columns that depend on maintained columns follow",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      for (const [id, parent_id] of [
        ["b", "a"],
        ["c", "b"],
        ["d", "c"],
      ] as const) {
        await forest.addNode(id, { parent_id });
      }

      assert.deepEqual(
        await Promise.all(["a", "b", "c", "d"].map((id) => forest.read("descendants", id))),
        [3, 2, 1, 0],
      );
    },
  },
  {
    name: "the answer names the rows whose value changed, and no others",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a" });

      const { indexes, transactions } = forest;
      const unchanged = await transactions.atomic(() => indexes.update("node", ["a", "b"]));
      await forest.transactions.connection.execute("UPDATE node SET children = 7 WHERE id = 'b'");
      const repaired = await transactions.atomic(() => indexes.update("node", ["a", "b", "c"]));

      assert.deepEqual(unchanged, []);
      assert.deepEqual(repaired, [
        { index: "node_children", table: "node", column: "children", keys: ["b"] },
      ]);
    },
  },
  {
    name: "an update that touches no named column recomputes nothing",
    async check(subject) {
      await using forest = await openForest(subject);
      const before = await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a" });
      await forest.transactions.connection.execute("UPDATE node SET children = 7 WHERE id = 'a'");

      const changes = [{ table: "node", before, after: { ...before, title: "other" } }];
      const answer = await forest.transactions.atomic(() => forest.indexes.batchUpdate(changes));

      assert.deepEqual(answer, []);
      assert.equal(await forest.read("children", "a"), 7);
    },
  },
  {
    name: "many changes of one transaction are kept together",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("root");
      const { indexes, transactions } = forest;

      await transactions.atomic(async (transaction) => {
        const changes = [];
        for (let at = 0; at < 500; at += 1) {
          const id = `leaf${at}`;
          await transaction.execute(
            "INSERT INTO node (id, parent_id, title, body, state) VALUES (?, 'root', ?, '', '')",
            [id, id],
          );
          changes.push({ table: "node", after: { id, parent_id: "root" } });
        }
        await indexes.batchUpdate(changes);
      });

      assert.equal(await forest.read("children", "root"), 500);
      assert.equal((await indexes.verify()).ok, true);
    },
  },
  {
    name: "a transaction that is rolled back takes maintained values with it",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("root");

      const failed = forest.transactions.atomic(async () => {
        await forest.addNode("leaf", { parent_id: "root" });
        throw new Error("give up");
      });

      await assert.rejects(failed, /give up/);
      assert.equal(await forest.read("children", "root"), 0);
    },
  },
  {
    name: "maintained columns are not updated outside a transaction",
    async check(subject) {
      await using forest = await openForest(subject);

      await assert.rejects(forest.indexes.update("node", ["a"]), {
        code: "index.transaction_required",
      });
    },
  },
  {
    name: "rows in a circle are refused instead of followed for ever",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a");
      await forest.addNode("b", { parent_id: "a" });
      await forest.transactions.connection.execute(
        "UPDATE node SET parent_id = 'b' WHERE id = 'a'",
      );

      await assert.rejects(
        forest.transactions.atomic(() => forest.indexes.update("node", ["a", "b"])),
        { code: "index.cascade_endless" },
      );
    },
  },
];
