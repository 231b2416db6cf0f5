/**
 * What a processor costs per item: 20,000 inserts in batches of 500 against
 * better-sqlite3 doing the same inserts in one transaction per batch. Both
 * sides take turns; figures are medians of the rounds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type BatchJudgement,
  type BatchWorkload,
  createBatchCoordinator,
  createStorageBatchProcessor,
  createTransactionalBatchProcessor,
  type ProcessorOptions,
} from "@atlas/batch";
import { createBatchJobStore } from "@atlas/batch/checkpoints";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager, type Transaction } from "@atlas/transaction";
import Sqlite from "better-sqlite3";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    rounds: { type: "string", default: "7" },
    ms: { type: "string" },
  },
});
const items = 20_000;
const batchSize = 500;

interface Row {
  readonly name: string;
}
const insert = sqlQuery<never, Row>("INSERT INTO tasks (name) VALUES (:name)");
const names: readonly Row[] = Array.from({ length: items }, (_, at) => ({ name: `task ${at}` }));
const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
const database = await openSqlite(join(directory, "atlas.db"));
const transactions = await createTransactionManager(database);
const schema = "CREATE TABLE tasks (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT";
await transactions.connection.execute(schema);
const jobs = createBatchJobStore(transactions, { dialect: database.dialect });

const raw = new Sqlite(join(directory, "raw.db"));
raw.pragma("journal_mode = WAL");
raw.pragma("synchronous = FULL");
raw.exec(schema);
const rawInsert = raw.prepare("INSERT INTO tasks (name) VALUES (?)");
const rawBatch = raw.transaction((rows: readonly Row[]) => {
  for (const { name } of rows) rawInsert.run(name);
}).immediate;

const atomic = <Result>(body: (transaction: Transaction) => Promise<Result>): Promise<Result> =>
  transactions.atomic(body);
const validate = (rows: readonly Row[]): BatchJudgement<Row> => ({
  results: rows.map((value) => ({ ok: true, value, issues: [], truncated: false })),
});
const single: BatchWorkload<Row, unknown, Transaction> = (row, { transaction }) =>
  transaction.run(insert, row);
const whole: BatchWorkload<Row, unknown, Transaction> = {
  all: async (rows, { transaction }) => {
    await transaction.runMany(insert, rows);
    return rows;
  },
};
const each = createTransactionalBatchProcessor<Row, Row, Transaction>({ atomic, validate });
const onFailure = createTransactionalBatchProcessor<Row, Row, Transaction>({
  atomic,
  validate,
  savepoints: "on-failure",
});
const storage = createStorageBatchProcessor<Row, Row, Transaction>({ atomic, query: insert });
const coordinator = createBatchCoordinator();
let runs = 0;

const cases: Readonly<Record<string, () => Promise<unknown>>> = {
  "items-savepoint-each": () => run(single, { processor: each }),
  "items-savepoint-on-failure": () => run(single, { processor: onFailure }),
  "items-set": () => run(whole, { processor: each }),
  "items-storage": () => run((row) => row, { processor: storage }),
  "items-storage-checkpoint": () => {
    runs += 1;
    return run((row) => row, { processor: storage, checkpoint: jobs.checkpoint(`job ${runs}`) });
  },
};

for (const [name, work] of Object.entries(cases)) {
  if (flags.case !== undefined && flags.case !== name) continue;
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = -1; round < Number(flags.rounds); round += 1) {
    const [atlas, peer] = [await timed(work), await timed(rawRun)];
    if (round < 0) continue;
    ours.push(atlas);
    theirs.push(peer);
  }
  const [atlas, peer] = [median(ours), median(theirs)];
  const line = {
    bench: "batch",
    case: name,
    atlas: Math.round((items * 1_000) / atlas),
    peer: Math.round((items * 1_000) / peer),
    peerName: "better-sqlite3, one transaction per batch",
    unit: "items/s",
    ratio: Number((peer / atlas).toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
raw.close();
await transactions.close();
await database.close();
rmSync(directory, { recursive: true });

async function run(
  operation: BatchWorkload<Row, unknown, Transaction>,
  options: ProcessorOptions<Row, Row, Transaction>,
): Promise<void> {
  const result = await coordinator.process(names, operation, { ...options, batchSize });
  if (!result.ok) throw result.stopError ?? result.failures[0]?.error;
}

function rawRun(): Promise<void> {
  for (let at = 0; at < items; at += batchSize) rawBatch(names.slice(at, at + batchSize));
  return Promise.resolve();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((first, second) => first - second)[values.length >> 1] ?? Number.NaN;
}
