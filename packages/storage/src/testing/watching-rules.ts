import assert from "node:assert/strict";
import type { TableSet } from "../change-feed.ts";
import type { Connection } from "../connection.ts";
import type { Database } from "../database.ts";
import { deleteFrom } from "../query-builder/change-query.ts";
import {
  accountByKey,
  accounts,
  addAccount,
  allAccounts,
  openWithAccounts,
  type DatabaseRule,
} from "./database-rule.ts";

const removeAll = deleteFrom(accounts).everywhere().build();

/** Adds rows in one transaction. */
async function addMany(connection: Connection, rows: number): Promise<void> {
  for (let amount = 0; amount < rows; amount += 1)
    await connection.run(addAccount, { key: `key ${String(amount).padStart(6, "0")}`, amount });
}

/** What the feed tells while `work` runs. */
async function told(
  database: Database,
  work: () => Promise<unknown>,
): Promise<readonly TableSet[]> {
  const changes: TableSet[] = [];
  const leave = database.changes.subscribe(({ tables }) => changes.push(tables));
  await work();
  leave();
  return changes;
}

/** Whether a set says that the accounts changed. */
function namesAccounts(tables: TableSet): boolean {
  return tables === "all" || tables.has(accounts.name);
}

/** What every database promises about scans, what commits change, and its connections. */
export const watchingRules: readonly DatabaseRule[] = [
  {
    name: "a scan gives what all gives, in chunks of the size asked for",
    async check(open) {
      await using database = await openWithAccounts(open);
      await database.write((connection) => addMany(connection, 250));

      const chunks: number[] = [];
      const rows: unknown[] = [];
      for await (const chunk of database.scan(allAccounts, { chunkRows: 100 })) {
        chunks.push(chunk.length);
        rows.push(...chunk);
      }

      assert.deepEqual(chunks, [100, 100, 50]);
      assert.deepEqual(rows, await database.all(allAccounts));
    },
  },
  {
    name: "a scan sees one committed state, whatever is written meanwhile",
    async check(open) {
      await using database = await openWithAccounts(open);
      await database.write((connection) => addMany(connection, 500));

      let rows = 0;
      for await (const chunk of database.scan(allAccounts, { chunkRows: 50 })) {
        if (rows === 0) await database.write((connection) => connection.run(removeAll));
        rows += chunk.length;
      }

      assert.equal(rows, 500);
      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "a scan ends with the loop that reads it, and by its signal",
    async check(open) {
      await using database = await openWithAccounts(open);
      await database.write((connection) => addMany(connection, 500));
      const stop = new AbortController();

      for await (const chunk of database.scan(allAccounts, { chunkRows: 10 })) {
        assert.equal(chunk.length, 10);
        break;
      }
      const stopped = async (): Promise<void> => {
        const { signal } = stop;
        for await (const chunk of database.scan(allAccounts, { chunkRows: 10, signal })) {
          assert.equal(chunk.length, 10);
          stop.abort();
        }
      };

      await assert.rejects(stopped(), { code: "operation.cancelled" });
    },
  },
  {
    name: "a commit tells the tables it changed, once; a rollback tells nothing",
    async check(open) {
      await using database = await openWithAccounts(open);

      const committed = await told(database, () =>
        database.write((connection) => addMany(connection, 3)),
      );
      const undone = await told(database, async () => {
        const failing = database.write(async (connection) => {
          await connection.run(removeAll);
          throw new Error("rule");
        });
        await assert.rejects(failing, { message: "rule" });
      });

      assert.equal(committed.length, 1);
      assert.ok(namesAccounts(committed[0]!));
      assert.deepEqual(undone, []);
    },
  },
  {
    name: "a query names the tables it reads",
    async check(open) {
      await using database = await openWithAccounts(open);

      assert.ok(namesAccounts(database.changes.tablesRead(accountByKey)));
    },
  },
  {
    name: "connections count what they do and can be opened anew",
    async check(open) {
      await using database = await openWithAccounts(open);
      await database.write((connection) => addMany(connection, 1));
      const { queries } = database.connections.getMetrics();

      assert.deepEqual(await database.connections.checkHealth(), { healthy: true, problems: [] });
      await database.connections.handleDisconnect();
      await database.all(allAccounts);

      assert.ok(database.connections.getMetrics().queries > queries);
      assert.ok(database.connections.list().length > 0);
    },
  },
];
