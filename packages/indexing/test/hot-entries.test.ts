import { createIndexCoordinator } from "@atlas/indexing";
import type { Query, RawRow } from "@atlas/storage";
import { createCacheManager, createQueryCache } from "@atlas/storage/cache";
import { describe, expect, it } from "vitest";
import { openForest } from "../src/testing/forest-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

describe("I3: the cache of hot entries", () => {
  // Goal: entries that are asked for again and again are answered without the database, and never
  // as they were before a commit. Method: the query cache of storage over an index, a search and a
  // maintained column, with a change between two questions; statements are counted.
  it("answers lookups through indexes from memory, until a commit changes them", async () => {
    await using forest = await openForest({
      create: createIndexCoordinator,
      open: openTemporaryStore,
    });
    const cache = createCacheManager();
    using hot = createQueryCache({ database: forest.database, cache });
    await forest.addNode("root", { title: "oak" });
    const { sql, params } = forest.indexes.search("node_search", "oak");
    const query: Query<RawRow> = {
      sql: `SELECT id, children FROM node WHERE ${sql} ORDER BY id`,
      params,
    };

    const first = await hot.all(query);
    const { statements } = forest.database.statistics();
    const again = await hot.all(query);
    expect(again).toBe(first);
    expect(forest.database.statistics().statements).toEqual(statements);

    await forest.addNode("leaf", { parent_id: "root", title: "oak leaf" });
    expect(await hot.all(query)).toEqual([
      { id: "leaf", children: 0 },
      { id: "root", children: 1 },
    ]);
    await forest.transactions.connection.execute("UPDATE node SET children = 9 WHERE id = 'root'");
    await forest.indexes.rebuild();
    expect(await hot.all(query)).toEqual([
      { id: "leaf", children: 0 },
      { id: "root", children: 1 },
    ]);
  });
});
