import { createIndexCoordinator } from "@atlas/indexing";
import type { AtlasError } from "@atlas/errors";
import { closeSync, openSync, writeSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { type Forest, openForest } from "../src/testing/forest-fixture.ts";
import { RawStore } from "./fixtures/raw-store.ts";
import { openTemporaryStore } from "./temporary-store.ts";

/** One way to damage an index of the forest, with a write that cannot be made then. */
interface Damage {
  readonly name: string;
  readonly index: string;
  plant(store: RawStore): void;
  readonly sql: string;
  /** What verify says of it. */
  readonly finding: object;
}

const insertLost = "INSERT INTO node (id, title, body, state) VALUES ('lost', 'lost', '', 'open')";

const damages: readonly Damage[] = [
  {
    name: "a search index whose first page is gone, which is met at the commit",
    index: "node_search",
    plant: (store) => store.run("DELETE FROM node_search_data WHERE id = 10"),
    sql: "UPDATE node SET title = 'elm' WHERE id = 'a'",
    finding: { problem: "entries_differ" },
  },
  {
    name: "a search index without any page, which is met by the statement",
    index: "node_search",
    plant: (store) => store.run("DELETE FROM node_search_data"),
    sql: "UPDATE node SET title = 'elm' WHERE id = 'a'",
    finding: { problem: "entries_differ" },
  },
  {
    name: "a partial index that lost an entry",
    index: "node_open",
    plant: (store) => store.behindIndex("node_open", insertLost),
    sql: "UPDATE node SET state = 'done' WHERE id = 'lost'",
    finding: { problem: "entries_differ", key: "lost" },
  },
  {
    name: "a unique index that lost an entry",
    index: "node_title",
    plant: (store) => store.behindIndex("node_title", insertLost),
    sql: "UPDATE node SET title = 'found' WHERE id = 'lost'",
    finding: { problem: "entries_differ", key: "lost" },
  },
  {
    name: "a primary key that lost an entry",
    index: "node_key",
    plant: (store) =>
      store.behindKey("sqlite_autoindex_node_1", [
        "CREATE UNIQUE INDEX older ON node (id)",
        insertLost,
      ]),
    sql: "DELETE FROM node WHERE title = 'lost'",
    finding: { problem: "entries_differ", key: "lost" },
  },
];

/** Nodes a and b that are sound, with a raw store beside them. */
async function plant(): Promise<Forest & { readonly store: RawStore }> {
  const forest = await openForest({ create: createIndexCoordinator, open: openTemporaryStore });
  await forest.addNode("a", { title: "oak" });
  await forest.addNode("b");
  return { ...forest, store: new RawStore(forest.database.location) };
}

function integrityOf({ database }: Forest): unknown {
  const handle = new Database(database.location);
  try {
    return handle.pragma("integrity_check", { simple: true });
  } finally {
    handle.close();
  }
}

/** A write that needs none of the damaged indexes. */
async function addEdge({ transactions }: Forest, from: string): Promise<void> {
  await transactions.connection.execute("INSERT INTO edge VALUES (?, 'nobody')", [from]);
}

async function edgesOf({ transactions }: Forest): Promise<readonly unknown[]> {
  const sql = "SELECT node_id FROM edge ORDER BY node_id";
  const { rows } = await transactions.connection.execute(sql);
  return rows.map((row) => row["node_id"]);
}

describe("I3, D8: a damaged index stops nobody but those who need it", () => {
  // Goal: from the damage to the cure through the whole stack, on a real file with a transaction
  // manager. Method: a write that needs the index, one that does not, verify, rebuild, the first
  // write again.
  it.each(damages)("$name", async ({ index, plant: damage, sql, finding }) => {
    await using forest = await plant();
    const { transactions, indexes, store } = forest;
    damage(store);

    const refused = await transactions.connection.execute(sql).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "index.corrupt", recoverable: true });
    expect(["active", "rolledBack"]).toContain((refused as AtlasError).txState);
    await addEdge(forest, "a");
    expect(await edgesOf(forest)).toEqual(["a"]);
    expect((await indexes.verify()).findings).toEqual([
      expect.objectContaining({ index, ...finding }),
    ]);
    await addEdge(forest, "b");

    await indexes.rebuild([index]);
    expect(integrityOf(forest)).toBe("ok");
    await transactions.connection.execute(sql);

    expect(await edgesOf(forest)).toEqual(["a", "b"]);
    expect(await indexes.verify()).toMatchObject({ ok: true, findings: [] });
    expect(integrityOf(forest)).toBe("ok");
  });

  // Goal: whoever shares a commit with the damage is told the truth. Method: many at once, with the
  // one that needs the index at each place; what was acknowledged is there and nothing else is.
  it.each([...damages.slice(0, 3).keys()])(
    "members of the same commit are told what became of them (%i)",
    async (which) => {
      const { plant: damage, sql } = damages[which]!;
      await using forest = await plant();
      const { transactions, store } = forest;
      damage(store);
      const kept: string[] = [];
      const codes = new Set<string>();
      for (let place = 0; place < 6; place += 1) {
        const names = Array.from({ length: 6 }, (_, at) => `n${place}${at}`);
        const writes = names.map((name, at) =>
          transactions.atomic(async (transaction) => {
            if (at === place) await transaction.execute(sql);
            await addEdge(forest, name);
          }),
        );
        const results = await Promise.allSettled(writes);
        for (const [at, result] of results.entries()) {
          if (result.status === "fulfilled") kept.push(names[at]!);
          else codes.add(String((result.reason as AtlasError).code));
        }
        expect(results[place]).toMatchObject({ status: "rejected" });
        // What is met by a statement harms nobody else. What is met later may take its commit with
        // it, but once that has happened only whoever came next.
        const failed = results.filter(({ status }) => status === "rejected").length;
        expect(failed).toBeLessThanOrEqual(which > 0 ? 1 : place === 0 ? names.length : 2);
      }

      codes.delete("transaction.group_aborted");
      expect([...codes]).toEqual(["index.corrupt"]);
      expect(await edgesOf(forest)).toEqual(kept.toSorted());
      await addEdge(forest, "z");
      expect(await edgesOf(forest)).toEqual([...kept, "z"].toSorted());
    },
  );

  it("a body that swallows the error does not commit half of a statement", async () => {
    await using forest = await plant();
    const { transactions, store } = forest;
    store.behindIndex("node_open", insertLost);

    const swallowed = transactions.atomic(async (transaction) => {
      await addEdge(forest, "a");
      await transaction
        .execute("DELETE FROM node WHERE id IN ('a', 'lost')")
        .catch(() => undefined);
    });
    await expect(swallowed).rejects.toMatchObject({ code: "index.corrupt", txState: "rolledBack" });
    const nested = transactions.atomic(async (transaction) => {
      await addEdge(forest, "b");
      await transactions
        .atomic(() => transaction.execute("DELETE FROM node WHERE id IN ('a', 'lost')"))
        .catch(() => undefined);
    });
    await nested;

    expect(await edgesOf(forest)).toEqual(["b"]);
    expect(await forest.read("title", "a")).toBe("oak");
  });

  it("a search says which kind of damage it met", async () => {
    await using forest = await plant();
    const { transactions, indexes, store } = forest;
    store.run("DELETE FROM node_search_data WHERE id = 10");
    const { sql, params } = indexes.search("node_search", "oak");

    await expect(
      transactions.connection.all({ sql: `SELECT id FROM node WHERE ${sql}`, params }),
    ).rejects.toMatchObject({ code: "index.corrupt" });
    expect(await forest.read("title", "a")).toBe("oak");
  });

  it.each(["DELETE FROM node_search_config", "DROP TABLE node_search_config"])(
    "verify names an index that cannot be opened: %s",
    async (script) => {
      await using forest = await plant();
      store(forest, script);

      const { findings } = await forest.indexes.verify();

      expect(findings).toEqual([
        {
          index: "node_search",
          kind: "search",
          problem: "unreadable",
          actual: expect.stringContaining("storage.statement_invalid"),
        },
      ]);
    },
  );

  it("verify tells an index that a rebuild mends from one whose pages are damaged", async () => {
    await using forest = await plant();
    store(forest, "DELETE FROM node_search_data WHERE id = 10");
    scribble(forest, "node_search_idx");

    expect((await forest.indexes.verify(["node_search"])).findings).toEqual([
      {
        index: "node_search",
        kind: "search",
        problem: "unreadable",
        part: "node_search_idx",
      },
    ]);
    await expect(forest.indexes.rebuild(["node_search"])).rejects.toMatchObject({
      code: "storage.corrupt",
    });
  });
});

function store({ database }: Forest, script: string): void {
  new RawStore(database.location).run(script);
}

/** Overwrites the first page of a table. */
function scribble({ database }: Forest, table: string): void {
  const handle = new Database(database.location);
  const query = handle.prepare<[string], number>(
    "SELECT rootpage FROM sqlite_schema WHERE name = ?",
  );
  const page = query.pluck().get(table)!;
  handle.pragma("wal_checkpoint(truncate)");
  handle.close();
  const file = openSync(database.location, "r+");
  writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, 4_096 * (page - 1));
  closeSync(file);
}
