import assert from "node:assert/strict";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import { createFileStore } from "@atlas/transaction/participants";
import { recover } from "@atlas/transaction/recovery";
import { journalledCount, unlistedCount } from "./leave-unfinished.ts";
import { openOrders, sagaCount, undoneCount } from "./orders.ts";

/** Milliseconds that a start took. */
export interface RecoveryTimes {
  /** The database file with its log. */
  readonly database: number;
  /** The transaction manager, the file store and the saga runner. */
  readonly parts: number;
  /** All of `recover`. */
  readonly recover: number;
  readonly files: number;
  readonly sagas: number;
  /** Time on a processor, of all threads: it depends less on what else the machine does. */
  readonly processor: number;
}

/** Opens a store as a server does at its start, recovers it, and sees that nothing is left. */
export async function recoverStore(path: string, directory: string): Promise<RecoveryTimes> {
  const usedBefore = process.cpuUsage();
  const startedAt = performance.now();
  await using database = await openSqlite(path);
  const openedAt = performance.now();
  await using manager = await createTransactionManager(database);
  await using files = await createFileStore(manager, database, { directory });
  const { runner } = await openOrders(manager, database.dialect, () => undefined);
  await using sagas = runner;
  const readyAt = performance.now();

  const report = await recover([files, sagas]);
  const { user, system } = process.cpuUsage(usedBefore);

  assert.deepEqual(report.total, {
    rolledForward: journalledCount + sagaCount - undoneCount,
    rolledBack: unlistedCount + undoneCount,
    resumed: sagaCount,
    waiting: 0,
    conflicts: 0,
    notes: [],
  });
  const durationOf = (wanted: string): number =>
    report.parts.find(({ name }) => name === wanted)?.durationMs ?? Number.NaN;
  return {
    database: openedAt - startedAt,
    parts: readyAt - openedAt,
    recover: report.durationMs,
    files: durationOf(files.name),
    sagas: durationOf(sagas.name),
    processor: (user + system) / 1_000,
  };
}
