import assert from "node:assert/strict";
import type { IndexDeclaration, RankedSearch, SearchOptions } from "@atlas/indexing";
import { type NoValues, type RawRow, sqlQuery } from "@atlas/storage";
import {
  type Forest,
  forestIndexes,
  forestMade,
  forestTables,
  openForest,
} from "./forest-fixture.ts";
import type { IndexRule } from "./index-rule.ts";

const nothing = { created: [], replaced: [], removed: [], finished: [] };

/** What is declared exists, counts and finds. */
export const definitionRules: readonly IndexRule[] = [
  {
    name: "ensure makes what is declared, once",
    async check(subject) {
      await using forest = await openForest(subject, []);
      const { database, transactions } = forest;
      const indexes = subject.create({
        transactions,
        dialect: database.dialect,
        tables: forestTables,
        declarations: forestIndexes,
      });

      const [first, second] = [await indexes.ensure(), await indexes.ensure()];

      assert.deepEqual([...first.created].toSorted(), names(forestMade));
      assert.deepEqual(second, nothing);
    },
  },
  {
    name: "ensure replaces what is declared otherwise and removes what no longer is",
    async check(subject) {
      await using forest = await openForest(subject);
      const changed = forestIndexes
        .filter(({ name }) => name !== "edge_back" && name !== "node_search")
        .map((index) =>
          index.name === "node_open" ? { ...index, where: "state = 'new'" } : index,
        );

      const report = await again(subject.create, forest, changed as IndexDeclaration[]).ensure();

      assert.deepEqual(report.replaced, ["node_open"]);
      assert.deepEqual([...report.removed].toSorted(), ["edge_back", "node_search"]);
    },
  },
  {
    name: "ensure leaves alone what another owner made",
    async check(subject) {
      await using forest = await openForest(subject);
      const { database, transactions } = forest;

      const report = await subject
        .create({
          transactions,
          dialect: database.dialect,
          tables: forestTables,
          declarations: [],
          owner: "somebody_else",
        })
        .ensure();

      assert.deepEqual(report, nothing);
      assert.equal((await forest.indexes.verify()).ok, true);
    },
  },
  {
    name: "ensure leaves alone indexes over tables it is not told of",
    async check(subject) {
      await using forest = await openForest(subject);
      const { database, transactions } = forest;
      const nodes = { transactions, dialect: database.dialect, tables: forestTables.slice(0, 1) };
      const indexes = subject.create({ ...nodes, declarations: forestIndexes.slice(0, 1) });

      const { removed } = await indexes.ensure();

      assert.equal(removed.includes("edge_back"), false);
      assert.equal(removed.includes("node_open"), true);
      assert.deepEqual((await indexes.verify()).findings, []);
    },
  },
  {
    name: "ensure fills what it makes from rows that are there already",
    async check(subject) {
      await using forest = await openForest(subject, []);
      await forest.addNode("root");
      await forest.addNode("leaf", { parent_id: "root", title: "oak leaf" });

      const indexes = again(subject.create, forest, forestIndexes);
      await indexes.ensure();

      assert.deepEqual(await found({ ...forest, indexes }, "oak"), ["leaf"]);
      assert.equal(await forest.read("children", "root"), 1);
      assert.equal(await forest.read("descendants", "root"), 1);
      assert.equal((await indexes.verify()).ok, true);
    },
  },
  {
    name: "a unique index refuses a second row with the same entry",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("root");
      await forest.addNode("a", { parent_id: "root", title: "same" });

      await assert.rejects(forest.addNode("b", { parent_id: "root", title: "same" }), {
        code: "storage.constraint",
      });
    },
  },
  {
    name: "count tells the entries of each kind of index",
    async check(subject) {
      await using forest = await openForest(subject);
      const node = await forest.addNode("root");
      await forest.addNode("leaf");
      await forest.addEdge("leaf", "root");
      await forest.setState(node, "done");

      const counts = await Promise.all(
        ["node_title", "node_open", "edge_back", "node_search", "node_children", "node_key"].map(
          (name) => forest.indexes.count(name),
        ),
      );

      assert.deepEqual(counts, [2, 1, 1, 2, 2, 2]);
      assert.equal(await forest.indexes.count(), 3);
    },
  },
  {
    name: "search finds words in all columns and follows every change",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a", { title: "green leaf", body: "of an oak" });
      await forest.addNode("b", { title: "brown leaf" });
      const { connection } = forest.transactions;

      assert.deepEqual(await found(forest, "leaf"), ["a", "b"]);
      assert.deepEqual(await found(forest, "leaf oak"), ["a"]);

      await connection.execute("UPDATE node SET body = 'of an elm' WHERE id = 'a'");
      await connection.execute("DELETE FROM node WHERE id = 'b'");

      assert.deepEqual(await found(forest, "oak"), []);
      assert.deepEqual(await found(forest, "elm"), ["a"]);
      assert.deepEqual(await found(forest, "leaf"), ["a"]);
    },
  },
  {
    name: "a phrase is words one after the other, a star goes on, nothing else is syntax",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a", { title: "green oak leaf" });
      await forest.addNode("b", { title: "oak green", body: "leaf" });

      assert.deepEqual(await found(forest, '"oak leaf"'), ["a"]);
      assert.deepEqual(await found(forest, '"green oak" leaf'), ["a"]);
      assert.deepEqual(await found(forest, '"oak le"*'), ["a"]);
      assert.deepEqual(await found(forest, "gre*"), ["a", "b"]);
      assert.deepEqual(await found(forest, 'oak "green'), ["a", "b"]);
      assert.deepEqual(await found(forest, "oak NOT leaf"), []);
      assert.deepEqual(await found(forest, "title:leaf"), []);
      assert.deepEqual(await found(forest, "leaf", { columns: ["body"] }), ["b"]);
      assert.deepEqual(await found(forest, "elm green", { match: "any" }), ["a", "b"]);
    },
  },
  {
    name: "a ranked search gives the best first, by the weights, with the words marked",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("low", { title: "one two three", body: "the old oak" });
      await forest.addNode("high", { title: "oak leaf", body: "nothing here" });

      const ranked = forest.indexes.rankedSearch("node_search", "OAK", {
        before: "<",
        after: ">",
      });
      const lighter = forest.indexes.rankedSearch("node_search", "oak", {
        weights: { title: 0.1, body: 10 },
        column: "body",
        words: 2,
      });

      assert.deepEqual(await shown(forest, ranked), [
        { id: "high", snippet: "<oak> leaf" },
        { id: "low", snippet: "the old <oak>" },
      ]);
      assert.deepEqual(
        (await shown(forest, lighter)).map(({ id }) => id),
        ["low", "high"],
      );
      assert.throws(() => forest.indexes.rankedSearch("node_search", "a", { column: "state" }), {
        code: "index.search_invalid",
      });
      assert.throws(() => forest.indexes.search("node_search", "a", { columns: ["nothing"] }), {
        code: "index.search_invalid",
      });
    },
  },
  {
    name: "search accepts whatever a person types",
    async check(subject) {
      await using forest = await openForest(subject);
      await forest.addNode("a", { title: "plain words" });

      for (const typed of [
        '"',
        "(",
        "AND",
        "NOT OR",
        "a*b:c^d",
        "title:",
        "-",
        "\0",
        "'; --",
        "",
      ]) {
        await assert.doesNotReject(found(forest, typed), `searching for ${JSON.stringify(typed)}`);
      }
      assert.deepEqual(await found(forest, "   "), []);
      for (const typed of ['"', "title:", "a OR", '"" *', "^", "{a b}:c"]) {
        const ranked = forest.indexes.rankedSearch("node_search", typed);
        await assert.doesNotReject(shown(forest, ranked), `ranking by ${JSON.stringify(typed)}`);
      }
    },
  },
  {
    name: "an unknown name and a search in what is no search index are refused",
    async check(subject) {
      await using forest = await openForest(subject);

      await assert.rejects(forest.indexes.count("nothing"), { code: "index.unknown" });
      await assert.rejects(forest.indexes.verify(["nothing"]), { code: "index.unknown" });
      await assert.rejects(forest.indexes.rebuild(["nothing"]), { code: "index.unknown" });
      assert.throws(() => forest.indexes.search("nothing", "a"), { code: "index.unknown" });
      assert.throws(() => forest.indexes.search("node_open", "a"), {
        code: "index.not_searchable",
      });
    },
  },
];

function again(
  create: Parameters<IndexRule["check"]>[0]["create"],
  { database, transactions }: Forest,
  declarations: readonly IndexDeclaration[],
): Forest["indexes"] {
  return create({ transactions, dialect: database.dialect, tables: forestTables, declarations });
}

async function shown(
  { transactions }: Forest,
  { join, sql, order, snippet, params }: RankedSearch,
): Promise<readonly RawRow[]> {
  const text = `SELECT node.id, ${snippet} AS snippet FROM node ${join} WHERE ${sql} ORDER BY ${order}`;
  const rows = await transactions.connection.all<RawRow, NoValues>({ sql: text, params });
  return rows.map((row) => ({ ...row }));
}

async function found(
  { indexes, transactions }: Forest,
  text: string,
  options?: SearchOptions,
): Promise<unknown[]> {
  const { sql, params } = indexes.search("node_search", text, options);
  const query = {
    ...sqlQuery("SELECT 1"),
    sql: `SELECT id FROM node WHERE ${sql} ORDER BY id`,
    params,
  };
  return (await transactions.connection.all(query)).map((row) => row["id"]);
}

function names(declarations: readonly IndexDeclaration[]): string[] {
  return declarations.map(({ name }) => name).toSorted();
}
