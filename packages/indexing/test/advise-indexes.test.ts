import {
  type AdviceSource,
  createIndexCoordinator,
  type IndexCoordinator,
  type IndexDeclaration,
} from "@atlas/indexing";
import type { IndexStore } from "@atlas/indexing/testing";
import { sqlQuery } from "@atlas/storage";
import { createQueryLog } from "@atlas/storage/optimizer";
import { createQueryOptimizer } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { describe, expect, it } from "vitest";
import { forestTables } from "../src/testing/forest-fixture.ts";

const byState = sqlQuery("SELECT id FROM node WHERE state = 'open' AND body = :body ORDER BY id");

/** A store in which one query has run forty times over two thousand rows. */
async function advised(
  declarations: readonly IndexDeclaration[],
  check: (
    indexes: IndexCoordinator,
    source: AdviceSource & Pick<IndexStore, "database" | "transactions">,
  ) => Promise<void>,
): Promise<void> {
  const log = createQueryLog();
  await using temporary = await openTemporaryDatabase({ queryLog: log });
  const { database } = temporary;
  await using transactions = await createTransactionManager(database);
  await transactions.atomic(async (transaction) => {
    for (const table of forestTables)
      for (const sql of database.dialect.createTable(table)) await transaction.execute(sql);
    for (let at = 0; at < 2_000; at += 1) {
      await transaction.execute(
        "INSERT INTO node (id, title, body, state) VALUES (?, ?, ?, 'open')",
        [`n${at}`, `title ${at}`, `body ${at % 400}`],
      );
    }
  });
  log.reset();
  for (let at = 0; at < 40; at += 1) {
    await transactions.connection.all(byState, { body: `body ${at}` } as never);
  }
  const { dialect } = database;
  const indexes = createIndexCoordinator({
    transactions,
    dialect,
    tables: forestTables,
    declarations,
  });
  using optimizer = createQueryOptimizer(database);
  await check(indexes, { log, optimizer, database, transactions });
}

describe("I4: advice from the queries that really ran", () => {
  it("names what is missing with its evidence, and creates nothing", async () => {
    await advised([], async (indexes, { log, optimizer, database }) => {
      const advice = await indexes.advise({ optimizer, log });

      const [missing] = advice.missing;
      expect(missing!.declaration).toMatchObject({ kind: "secondary", table: "node" });
      expect(missing!.declaration.on).toContain("body");
      expect(missing!.costAfter).toBeLessThan(missing!.costBefore / 2);
      expect(missing!.evidence[0]).toMatchObject({ runs: 40 });
      expect(advice).toMatchObject({ pending: [], needless: [], runs: 40 });
      expect(await database.all(database.dialect.listIndexes("node"))).toEqual([]);
    });
  });

  it("knows what is declared and not there, and what is there and not needed", async () => {
    await advised([], async (empty, { log, optimizer, database, transactions }) => {
      const { missing } = await empty.advise({ optimizer, log });
      const wanted = { ...missing[0]!.declaration, name: "node_wanted" };
      const needless = {
        kind: "secondary",
        name: "node_idle",
        table: "node",
        on: ["title"],
      } as const;
      const { dialect } = database;
      for (const sql of dialect.createIndex(needless)) {
        await transactions.connection.execute(sql);
      }

      const both = createIndexCoordinator({
        transactions,
        dialect,
        tables: forestTables,
        declarations: [needless, wanted],
      });
      const advice = await both.advise({ optimizer, log });

      expect(advice.pending).toEqual(["node_wanted"]);
      expect(advice.missing).toEqual([]);
      expect(advice.needless).toEqual([{ name: "node_idle", reason: "unused" }]);
    });
  });
});
