import { checkOptions } from "@atlas/errors";
import type { Query } from "../../query.ts";
import type { ScanLimits, ScanOptions } from "../../scan.ts";
import { bindValues } from "../bind-values.ts";
import type { DataFile } from "../data-file.ts";
import { waitRange } from "../open-options.ts";
import type { HeldSnapshot } from "../wal/sqlite-wal-manager.ts";
import { ScanLane, type ScanJob } from "./scan-lane.ts";

/** Rows of a chunk unless told otherwise: about a millisecond of this thread. */
const chunkRowsDefault = 500;

/** Both scan lanes of one file. */
export class Scans {
  readonly #acquireTimeoutMs: number;
  readonly #threads: ScanLane;
  readonly #processes: ScanLane;
  #total = 0;

  constructor(file: DataFile) {
    this.#acquireTimeoutMs = file.settings.acquireTimeoutMs;
    this.#threads = new ScanLane(file, "threads");
    this.#processes = new ScanLane(file, "processes");
  }

  /** Scans that began. */
  get total(): number {
    return this.#total;
  }

  /** Checks at once, runs when the first chunk is asked for. */
  scan<Row, Values extends object>(
    query: Query<Row, Values>,
    options: ScanOptions<Values>,
  ): AsyncGenerator<Row[], void, undefined> {
    checkOptions<ScanLimits & { readonly values?: unknown }>("scan", options, {
      values: "any",
      chunkRows: { min: 1, max: 10_000 },
      signal: "any",
      timeoutMs: { min: 1, max: waitRange.max },
      acquireTimeoutMs: waitRange,
    });
    const { signal, timeoutMs } = options;
    const job: ScanJob = {
      sql: query.sql,
      params: bindValues(query, options.values),
      chunkRows: options.chunkRows ?? chunkRowsDefault,
      acquireTimeoutMs: options.acquireTimeoutMs ?? this.#acquireTimeoutMs,
      signal,
      timeoutMs,
    };
    this.#total += 1;
    const stoppable = signal !== undefined || timeoutMs !== undefined;
    return decoded(query, (stoppable ? this.#processes : this.#threads).run(job));
  }

  /** What running scans hold on to. */
  snapshots(): readonly HeldSnapshot[] {
    return [...this.#threads.snapshots(), ...this.#processes.snapshots()];
  }

  /** Ends scans that began at or before `until`. */
  expire(until: number, error: (snapshot: HeldSnapshot) => Error): void {
    this.#threads.expire(until, error);
    this.#processes.expire(until, error);
  }

  /** Whoever scans from now on reads the file that is at the path now. */
  recycle(): void {
    this.#threads.recycle();
    this.#processes.recycle();
  }

  /** Ends every scan. */
  close(): void {
    this.#threads.close();
    this.#processes.close();
  }
}

async function* decoded<Row>(
  { decode }: Pick<Query<Row, never>, "decode">,
  chunks: ReturnType<ScanLane["run"]>,
): AsyncGenerator<Row[], void, undefined> {
  // Without `decode` the type of the query promises that its rows are as they come.
  for await (const rows of chunks) yield decode === undefined ? (rows as Row[]) : rows.map(decode);
}
