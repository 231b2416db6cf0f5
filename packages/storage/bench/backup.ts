/**
 * A store that is written to about 2,000 times a second while it is backed up:
 * how long a write takes with and without the backup, plain and packed, and
 * whether what was backed up comes back.
 *
 * A write is timed from when it was due, not from when it was sent: one that
 * had to wait behind a stalled event loop counts with its wait. Prints one JSON
 * line per case; `--case <name>` runs one.
 */
import { parseArgs } from "node:util";
import { type Database, defineTable, from, count, insertInto, type Table } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";

const writesPerSecond = 2_000;
const rowsBefore = 200_000;
/**
 * Both sides take turns, so that whatever else the machine does meets both.
 * While one is measured with a backup, it is made again and again.
 */
const rounds = 8;
const roundMs = 2_000;

const columns = {
  id: { type: "integer" },
  name: { type: "text" },
  description: { type: "text" },
} as const;

const tasks: Table<typeof columns, "tasks"> = defineTable("tasks", {
  columns,
  primaryKey: ["id"],
});
const insert = insertInto(tasks).build();
const total = from(tasks).select({ n: count() }).build();

const { values: given } = parseArgs({ options: { case: { type: "string" } } });
const cases = { "backup-p99": "none", "backup-p99-zstd": "zstd" } as const;

for (const [name, compression] of Object.entries(cases)) {
  if (given.case !== undefined && given.case !== name) continue;
  using directory = temporaryDirectory();
  await using database = await openSqlite(directory.file("data.db"));
  await fill(database);
  const files = createFileManager();
  const writer = startWriter(database);
  await pause(2_000);
  const made: { readonly durationMs: number; readonly bytes: number; readonly rows: number }[] = [];
  const backUp = async (): Promise<void> => {
    for (const until = performance.now() + roundMs; performance.now() < until;) {
      const path = directory.file(`backup-${made.length}`);
      const {
        durationMs,
        bytes,
        rows: copied,
      } = await files.backup(database, path, { compression });
      made.push({ durationMs, bytes, rows: copied["tasks"]! });
    }
  };
  const sides: { readonly without: Latencies; readonly during: Latencies }[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    const without = await writer.measure(() => pause(roundMs));
    sides.push({ without, during: await writer.measure(backUp) });
  }
  const without = middle(sides.map((side) => side.without));
  const during = middle(sides.map((side) => side.during));
  await writer.stop();
  const last = made.length - 1;
  await files.verifyBackup(directory.file(`backup-${last}`));
  await files.restore(directory.file(`backup-${last}`), directory.file("restored.db"));
  await using restored = await openSqlite(directory.file("restored.db"));
  const equal =
    (await restored.get(total))!.n === made[last]!.rows && (await sameRows(database, restored));
  const line = {
    bench: "storage",
    case: name,
    atlas: round(during.p99),
    peer: round(without.p99),
    peerName: "the same writes without a backup",
    unit: "ms",
    ratio: Number(median(sides.map((side) => side.without.p99 / side.during.p99)).toFixed(3)),
    p50: { during: round(during.p50), without: round(without.p50) },
    max: { during: round(during.max), without: round(without.max) },
    writesPerSecond: { during: during.perSecond, without: without.perSecond },
    backups: made.length,
    backupMs: Math.round(median(made.map(({ durationMs }) => durationMs))),
    backupBytes: made[last]!.bytes,
    rows: made[last]!.rows,
    verified: true,
    restoredEqual: equal,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function fill(database: Database): Promise<void> {
  await database.write(async (connection) => {
    for (const statement of database.dialect.createTable(tasks)) {
      await connection.execute(statement);
    }
    await connection.runMany(insert, rows());
  });
}

function* rows() {
  for (let id = 1; id <= rowsBefore; id += 1) yield rowOf(id);
}

function rowOf(id: number) {
  const description = `What has to be done for task ${id}. `.repeat(6);
  return { id, name: `Task ${id}`, description };
}

interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly perSecond: number;
}

/** Sends writes at an even pace until it is stopped. */
function startWriter(database: Database) {
  let id = rowsBefore;
  let stopped = false;
  let latencies: number[] = [];
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const one = async (dueAt: number): Promise<void> => {
    const row = rowOf((id += 1));
    await database.write((connection) => connection.run(insert, row));
    latencies.push(performance.now() - dueAt);
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const due = ((performance.now() - startedAt) * writesPerSecond) / 1_000;
      for (; sent < due; sent += 1) {
        const write = one(startedAt + (sent * 1_000) / writesPerSecond);
        open.add(write);
        void write.finally(() => open.delete(write));
      }
      await pause(1);
    }
    await Promise.all(open);
  };
  const running = loop();
  return {
    measure: async (work: () => Promise<unknown>): Promise<Latencies> => {
      latencies = [];
      const from = performance.now();
      await work();
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!;
      const perSecond = Math.round((sorted.length * 1_000) / (performance.now() - from));
      return { p50: at(0.5), p99: at(0.99), max: at(1), perSecond };
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

/** The rows of the restored store are those the writer sent, in its order and without a gap. */
async function sameRows(source: Database, restored: Database): Promise<boolean> {
  const all = from(tasks)
    .select("id", "name", "description")
    .orderBy("id")
    .limit(10_000_000)
    .build();
  const [before, after] = [await source.all(all), await restored.all(all)];
  return after.every((row, at) => JSON.stringify(row) === JSON.stringify(before[at]));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The median of each figure over the rounds. */
function middle(measured: readonly Latencies[]): Latencies {
  const of = (name: keyof Latencies): number =>
    median(measured.map((latencies) => latencies[name]));
  return { p50: of("p50"), p99: of("p99"), max: of("max"), perSecond: of("perSecond") };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function round(milliseconds: number): number {
  return Number(milliseconds.toFixed(2));
}
