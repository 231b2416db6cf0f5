import {
  createIndexCoordinator,
  type IndexEvent,
  type SearchIndexDeclaration,
} from "@atlas/indexing";
import { describe, expect, it } from "vitest";
import {
  type Forest,
  forestIndexes,
  forestTables,
  openForest,
} from "../src/testing/forest-fixture.ts";
import { Pace } from "../src/pace.ts";
import { compareWords } from "../src/verify-search.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const count = 900;

/** A forest of many nodes; slices are as long as they begin, because time stands still. */
async function openLargeForest(): Promise<Forest> {
  const forest = await openForest({ create: createIndexCoordinator, open: openTemporaryStore });
  await forest.transactions.atomic(async (transaction) => {
    for (let at = 0; at < count; at += 1) {
      await transaction.execute(
        "INSERT INTO node (id, parent_id, title, body, state) VALUES (?, ?, ?, 'old', 'open')",
        [`n${at}`, at === 0 ? null : "n0", `title ${at}`],
      );
    }
    await forest.indexes.update("node", ["n0"]);
  });
  return forest;
}

function coordinate(
  { transactions, database }: Forest,
  onEvent: (event: IndexEvent) => void = () => {},
): ReturnType<typeof createIndexCoordinator> {
  return createIndexCoordinator({
    transactions,
    dialect: database.dialect,
    tables: forestTables,
    declarations: forestIndexes,
    // Each slice seems to have taken just as long as it should.
    monotonicClock: (() => {
      let now = 0;
      return () => (now += 8);
    })(),
    onEvent,
  });
}

async function found(forest: Forest, text: string): Promise<number> {
  const { sql, params } = forest.indexes.search("node_search", text);
  const rows = await forest.transactions.connection.all({
    sql: `SELECT id FROM node WHERE ${sql}`,
    params,
  });
  return rows.length;
}

describe("I3: rebuilding while the store serves", () => {
  // Goal: between two slices others write, and what they write is in the new index as well,
  // wherever their row stands. Method: at the second slice rows are inserted, changed and deleted
  // on both sides of the point that the rebuild has reached; the old index has to answer meanwhile.
  it("a search index follows what is written while it is made again", async () => {
    await using forest = await openLargeForest();
    const seen: number[] = [];
    let [slices, other] = [0, Promise.resolve()];
    const indexes = coordinate(forest, ({ type }) => {
      if (type !== "index.progress" || (slices += 1) !== 3) return;
      other = forest.transactions.runWithoutTransaction(async () => {
        const { connection } = forest.transactions;
        seen.push(await found(forest, "old"));
        await connection.execute("UPDATE node SET body = 'fresh' WHERE id IN ('n5', 'n890')");
        await connection.execute("DELETE FROM node WHERE id IN ('n6', 'n891')");
        await connection.execute("UPDATE node SET _row = 100000 WHERE id = 'n7'");
        await connection.execute("UPDATE node SET _row = -5 WHERE id = 'n892'");
        await forest.addNode("late", { body: "fresh" });
        seen.push(await found(forest, "fresh"));
      });
    });

    const { indexes: rebuilt } = await indexes.rebuild(["node_search"]);
    await other;

    expect(rebuilt).toMatchObject([{ name: "node_search", kind: "search", repairedRows: 0 }]);
    expect(rebuilt[0]!.slices).toBeGreaterThan(3);
    expect(seen).toEqual([count, 3]);
    expect((await forest.indexes.verify(["node_search"])).findings).toEqual([]);
    expect([await found(forest, "old"), await found(forest, "fresh")]).toEqual([count - 4, 3]);
  });

  it("a maintained column is repaired in several transactions, with what is written between", async () => {
    await using forest = await openLargeForest();
    await forest.transactions.connection.execute("UPDATE node SET children = 9");
    let [slices, other] = [0, Promise.resolve<unknown>(undefined)];
    const indexes = coordinate(forest, ({ type }) => {
      if (type !== "index.progress" || (slices += 1) !== 2) return;
      other = forest.transactions.runWithoutTransaction(() =>
        forest.addNode("late", { parent_id: "n800" }),
      );
    });

    const report = await indexes.rebuild(["node_children"]);
    await other;

    expect(report.repairedRows).toBeGreaterThanOrEqual(count - 1);
    expect(report.indexes[0]!.slices).toBeGreaterThan(4);
    expect(await forest.read("children", "n800")).toBe(1);
    expect((await forest.indexes.verify(["node_children"])).ok).toBe(true);
  });

  it.each(["node_search", "node_children"])(
    "a rebuild of %s that ended in the middle is finished by ensure",
    async (name) => {
      await using forest = await openLargeForest();
      await forest.transactions.connection.execute("UPDATE node SET children = 9");
      const controller = new AbortController();
      let slices = 0;
      const indexes = coordinate(forest, ({ type }) => {
        if (type === "index.progress" && (slices += 1) === 3) controller.abort();
      });
      await expect(indexes.rebuild([name], { signal: controller.signal })).rejects.toMatchObject({
        code: "index.aborted",
      });

      // What is begun does not stop anybody from writing.
      await forest.transactions.connection.execute(
        "UPDATE node SET body = 'fresh' WHERE id = 'n1'",
      );
      let rows = 0;
      const next = coordinate(forest, (event) => {
        if (event.type === "index.progress" && event.phase === "rebuild") rows = event.done;
      });
      const reports = [await next.ensure(), await next.ensure()];

      expect(reports.map(({ finished }) => finished)).toEqual([[name], []]);
      // A search index is gone on with where it was; a column is walked through again.
      expect(rows < count).toBe(name === "node_search");
      expect((await next.verify([name])).findings).toEqual([]);
      expect([await found(forest, "old"), await found(forest, "fresh")]).toEqual([count - 1, 1]);
      const left = await forest.transactions.connection.execute(
        "SELECT name FROM sqlite_schema WHERE name LIKE '%\\_next%' ESCAPE '\\'",
      );
      expect(left.rows).toEqual([]);
    },
  );

  it("what was begun and is gone is begun again", async () => {
    await using forest = await openLargeForest();
    const controller = new AbortController();
    let slices = 0;
    const indexes = coordinate(forest, ({ type }) => {
      if (type === "index.progress" && (slices += 1) === 3) controller.abort();
    });
    const { signal } = controller;
    await expect(indexes.rebuild(["node_search"], { signal })).rejects.toMatchObject({
      code: "index.aborted",
    });
    for (const part of ["inserted", "deleted", "updated"]) {
      await forest.transactions.connection.execute(`DROP TRIGGER node_search_next_${part}`);
    }
    await forest.transactions.connection.execute("DROP TABLE node_search_next");

    expect((await coordinate(forest).ensure()).finished).toEqual(["node_search"]);
    expect((await forest.indexes.verify(["node_search"])).findings).toEqual([]);
  });

  it("two rebuilds of one index share the work", async () => {
    await using forest = await openLargeForest();
    const [first, second] = [coordinate(forest), coordinate(forest)];

    await Promise.all([first.rebuild(["node_search"]), second.rebuild(["node_search"])]);

    expect((await forest.indexes.verify()).findings).toEqual([]);
    expect(await found(forest, "old")).toBe(count);
  });

  it("what was begun of an index that is declared no more is removed with it", async () => {
    await using forest = await openLargeForest();
    const controller = new AbortController();
    let slices = 0;
    const indexes = coordinate(forest, ({ type }) => {
      if (type === "index.progress" && (slices += 1) === 2) controller.abort();
    });
    const { signal } = controller;
    await expect(indexes.rebuild(["node_search"], { signal })).rejects.toMatchObject({
      code: "index.aborted",
    });

    const { transactions, database } = forest;
    const declarations = forestIndexes.filter(({ kind }) => kind !== "search");
    const options = { transactions, dialect: database.dialect, tables: forestTables, declarations };
    expect((await createIndexCoordinator(options).ensure()).removed).toEqual(["node_search"]);

    const left = await transactions.connection.execute(
      "SELECT name FROM sqlite_schema WHERE name LIKE 'node\\_search%' ESCAPE '\\'",
    );
    expect(left.rows).toEqual([]);
    await forest.addNode("late");
  });
});

describe("I3: verifying while the store serves", () => {
  it("compares one snapshot, whatever is written meanwhile", async () => {
    await using forest = await openLargeForest();
    const writes: Promise<unknown>[] = [];
    const indexes = coordinate(forest, ({ type }) => {
      if (type !== "index.progress" || writes.length === 40) return;
      const id = `late${writes.length}`;
      writes.push(
        forest.transactions.runWithoutTransaction(() => forest.addNode(id, { parent_id: "n0" })),
      );
    });

    const report = await indexes.verify();
    await Promise.all(writes);

    expect(report.findings).toEqual([]);
    expect(writes.length).toBeGreaterThan(10);
  });

  it("ends between two slices when its signal fires, and at once when it has", async () => {
    await using forest = await openLargeForest();
    const controller = new AbortController();
    const events: IndexEvent[] = [];
    const indexes = coordinate(forest, (event) => {
      events.push(event);
      if (events.length === 2) controller.abort();
    });

    const options = { signal: controller.signal };
    await expect(indexes.verify(undefined, options)).rejects.toMatchObject({
      code: "index.aborted",
    });
    expect(events).toHaveLength(2);
    await expect(indexes.verify(undefined, options)).rejects.toMatchObject({
      code: "index.aborted",
    });
    expect(events).toHaveLength(2);
    await expect(indexes.verify([], { sginal: 1 } as never)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
  });

  it("reads a table in several passes and finds rows of each", async () => {
    await using forest = await openLargeForest();
    await forest.transactions.connection.execute(
      "INSERT INTO node_search (rowid, title, body) VALUES (10, 'extra', ''), (880, 'extra', '')",
    );
    const declaration = forestIndexes.find(({ kind }) => kind === "search")!;
    const options = { monotonicClock: () => 0, onEvent: () => {} };

    const findings = await forest.transactions.read((reader) =>
      compareWords(reader, declaration as SearchIndexDeclaration, {
        dialect: forest.database.dialect,
        table: forestTables[0]!,
        pace: new Pace(options, { phase: "verify" }, declaration),
        limit: 100,
        rowsPerPass: 300,
      }),
    );

    expect(findings.map(({ key }) => key)).toEqual(["n9", "n879"]);
  });
});
