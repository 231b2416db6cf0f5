import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager } from "@atlas/transaction";
import { createFileStore, type FileStore } from "@atlas/transaction/participants";
import { openOrders, orderOf, sagaCount } from "./orders.ts";

/** Staged files of committed transactions that the killed process leaves. */
export const journalledCount = 500;
/** Staged files of a transaction that had not committed. */
export const unlistedCount = 500;

const transactionCount = 50;
const directoryCount = 20;
const content = "One line of a document that an agent has written.\n".repeat(40);
const countJournal = sqlQuery<{ count: number }>(
  "SELECT count(*) AS count FROM atlas_file_journal",
);

/**
 * Brings a store into the middle of its work and resolves when its process may
 * be killed: sagas wait for services, committed changes of files are not
 * applied, and a transaction with files is open.
 */
export async function leaveUnfinished(path: string, directory: string): Promise<void> {
  const database = await openSqlite(path);
  // The last transaction is open until the process is killed.
  const manager = await createTransactionManager(database, { holdTimeoutMs: 600_000 });
  await manager.connection.execute(
    'CREATE TABLE IF NOT EXISTS effects ("order" INTEGER, step TEXT, kind TEXT) STRICT',
  );

  let waiting = 0;
  const { runner, saga } = await openOrders(manager, database.dialect, (order, call) => {
    if (order.waitsAt !== call) return undefined;
    waiting += 1;
    return forever();
  });
  for (let number = 0; number < sagaCount; number += 1)
    void runner.start(saga, { key: `${process.pid}-${number}`, input: orderOf(number) });
  while (waiting < sagaCount) await sleep(5);

  putOldFiles(directory);
  const files = await createFileStore(manager, database, {
    directory,
    onStep: ({ step }) => (step === "committed" ? forever() : undefined),
  });
  const size = journalledCount / transactionCount;
  for (let first = 0; first < journalledCount; first += size)
    void manager.atomic(() => writeFiles(files, first, size));
  while ((await database.get(countJournal))?.count !== journalledCount) await sleep(5);

  const staged = Promise.withResolvers<void>();
  void manager.atomic(async () => {
    await writeFiles(files, journalledCount, unlistedCount);
    staged.resolve();
    await forever();
  });
  await staged.promise;
}

async function writeFiles(files: FileStore, first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number += 1)
    await files.write(nameOf(number), content);
}

/** Every second file replaces another one. */
function putOldFiles(directory: string): void {
  for (let number = 0; number < directoryCount; number += 1)
    mkdirSync(join(directory, directoryOf(number)), { recursive: true });
  for (let number = 0; number < journalledCount + unlistedCount; number += 2)
    writeFileSync(join(directory, nameOf(number)), "An older version.\n");
}

function nameOf(number: number): string {
  return `${directoryOf(number >> 1)}/document-${number}.md`;
}

function directoryOf(number: number): string {
  return `project-${number % directoryCount}/documents`;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
