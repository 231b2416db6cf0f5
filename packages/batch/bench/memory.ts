/**
 * Peak memory of a job that is streamed into SQLite through the storage
 * processor, at 10,000, 100,000 and 1,000,000 items, each in a process of its
 * own: it must not grow with the input. The peer is the smallest size. V8 lets
 * garbage lie as long as there is room, so the process gets a heap of 64 MiB;
 * `liveMb` is what is left of it after a collection, at most, during the job.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBatchCoordinator, createStorageBatchProcessor } from "@atlas/batch";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTransactionManager, type Transaction } from "@atlas/transaction";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    ms: { type: "string" },
    /** Set by the program itself: how many items a process of it stores, and where. */
    items: { type: "string" },
    in: { type: "string", default: "" },
  },
});
const cases = { "memory-10k": 10_000, "memory-100k": 100_000, "memory-1m": 1_000_000 };
/** Items between two collections. */
const collectEvery = 5_000;

interface Row {
  readonly id: number;
  readonly name: string;
  readonly description: string;
}

interface Peak {
  readonly rssMb: number;
  readonly liveMb: number;
  readonly itemsPerSecond: number;
}

if (flags.items !== undefined) {
  process.stdout.write(JSON.stringify(await store(Number(flags.items), flags.in)));
} else {
  let smallest: Peak | undefined;
  for (const [name, items] of Object.entries(cases)) {
    const wanted = flags.case === undefined || flags.case === name;
    // The smallest one is what every other is compared with.
    if (!wanted && smallest !== undefined) continue;
    const peak = await inChild(items);
    smallest ??= peak;
    if (wanted) print(name, peak, smallest);
  }
}

async function store(items: number, directory: string): Promise<Peak> {
  const database = await openSqlite(join(directory, "tasks.db"));
  const transactions = await createTransactionManager(database);
  await transactions.connection.execute(
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, name TEXT, description TEXT) STRICT",
  );
  let live = 0;
  let rss = 0;
  let lookAt = collectEvery;
  const look = ({ done }: { readonly done: number }): void => {
    rss = Math.max(rss, process.memoryUsage.rss());
    if (done < lookAt) return;
    lookAt += collectEvery;
    globalThis.gc?.();
    live = Math.max(live, process.memoryUsage().heapUsed);
  };
  const startedAt = performance.now();
  const result = await createBatchCoordinator().process(rows(items), (row: Row) => row, {
    strategy: "adaptive",
    processor: createStorageBatchProcessor<Row, Row, Transaction>({
      atomic: (body) => transactions.atomic(body),
      query: sqlQuery<never, Row>("INSERT INTO tasks VALUES (:id, :name, :description)"),
    }),
    onProgress: look,
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (result.counts.succeeded !== items) throw new Error("Not every item was stored.");
  await transactions.close();
  await database.close();
  return { rssMb: rss / 2 ** 20, liveMb: live / 2 ** 20, itemsPerSecond: items / seconds };
}

function* rows(items: number): Generator<Row> {
  for (let id = 1; id <= items; id += 1) {
    yield { id, name: `Task ${id}`, description: `What has to be done for task ${id}. `.repeat(6) };
  }
}

async function inChild(items: number): Promise<Peak> {
  const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
  try {
    const heap = ["--expose-gc", "--max-old-space-size=64", "--max-semi-space-size=4"];
    const program = [...process.execArgv, ...heap, import.meta.filename];
    const child = spawn(process.execPath, [...program, `--items=${items}`, `--in=${directory}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return JSON.parse(output) as Peak;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function print(name: string, peak: Peak, smallest: Peak): void {
  const line = {
    bench: "batch",
    case: name,
    atlas: Math.round(peak.rssMb),
    peer: Math.round(smallest.rssMb),
    peerName: "10,000 items",
    unit: "MiB resident at the peak",
    ratio: Number((smallest.rssMb / peak.rssMb).toFixed(2)),
    liveMb: Math.round(peak.liveMb),
    itemsPerSecond: Math.round(peak.itemsPerSecond),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
