/** Lets several processes work on the same lists and checks what they saw. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { childEnvironment } from "../fixtures/child-environment.ts";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import type { PlantedFault } from "../fixtures/planted-faults.ts";
import { checkHistory } from "./check-history.ts";
import type { HistoryTransaction } from "./history.ts";

export interface HistoryOptions {
  readonly transactions: number;
  readonly seed: number;
  readonly fault?: PlantedFault;
}

/** What the processes did and what the check found. */
export interface HistoryFigures {
  readonly transactions: number;
  readonly committed: number;
  readonly snapshots: number;
  readonly appends: number;
  readonly reads: number;
  readonly lists: number;
  readonly anomalies: readonly string[];
}

const processes = 4;

export async function runHistory(options: HistoryOptions): Promise<HistoryFigures> {
  using directory = memoryDirectory();
  const path = directory.file("lists.db");
  await using database = await openSqlite(path, { readers: 1 });
  await database.write((connection) =>
    connection.execute(
      `CREATE TABLE lists (key INTEGER, position INTEGER, value INTEGER NOT NULL,
         PRIMARY KEY (key, position)) STRICT, WITHOUT ROWID`,
    ),
  );
  const script = join(import.meta.dirname, "../fixtures/history-child.ts");
  const histories = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const output = directory.file(`history-${index}`);
      const share = Math.ceil(options.transactions / processes);
      const given = [path, output, index + 1, share, options.seed + index].map(String);
      if (options.fault !== undefined) given.push(options.fault);
      await promisify(execFile)(
        process.execPath,
        ["--conditions=@atlas/source", script, ...given],
        { env: childEnvironment },
      );
      const lines = readFileSync(output, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line) as HistoryTransaction);
    }),
  );
  const lists = await database.all(
    sqlQuery<{ key: number; list: string }>(
      `SELECT key, group_concat(value) AS list
       FROM (SELECT * FROM lists ORDER BY key, position) GROUP BY key`,
    ),
  );
  const last: HistoryTransaction = {
    name: "the last read",
    startedAt: Number.MAX_SAFE_INTEGER - 1,
    endedAt: Number.MAX_SAFE_INTEGER,
    fate: "committed",
    operations: lists.map(({ key, list }) => ({
      kind: "read",
      key,
      values: list.split(",").map(Number),
    })),
  };
  const history = histories.flat();
  return {
    ...countHistory(history),
    lists: lists.length,
    anomalies: checkHistory([...history, last]),
  };
}

function countHistory(history: readonly HistoryTransaction[]) {
  const committed = history.filter(({ fate }) => fate === "committed");
  const operations = committed.flatMap((transaction) => transaction.operations);
  return {
    transactions: history.length,
    committed: committed.length,
    snapshots: committed.filter((one) => one.operations.every(({ kind }) => kind === "read"))
      .length,
    appends: operations.filter(({ kind }) => kind === "append").length,
    reads: operations.filter(({ kind }) => kind === "read").length,
  };
}

/** One line for people. */
export function describeHistory(figures: HistoryFigures, { seed }: HistoryOptions): string {
  const { transactions, committed, snapshots, appends, reads, lists, anomalies } = figures;
  return (
    `history: ${transactions} transactions of ${processes} processes, ${committed} committed ` +
    `(${snapshots} only read), ${appends} appends and ${reads} reads of ${lists} lists, ` +
    `${anomalies.length === 0 ? "serialisable" : `${anomalies.length} anomalies`}, seed ${seed}`
  );
}
