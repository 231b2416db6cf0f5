import type {
  ConnectionMetrics,
  ConnectionState,
  ConnectionStateManager,
  HealthReport,
} from "../connection-state-manager.ts";
import { addCounts, metricsOf, noCounts } from "./connection-counts.ts";
import type { DataFile } from "./data-file.ts";
import type { ReaderPool } from "./reader-pool.ts";
import type { WriterCore } from "./writer-core.ts";

/** The connections of one file. */
export interface ConnectionParts {
  readonly core: WriterCore;
  readonly readers: ReaderPool;
  /** Reopens everything, now or with the next write. */
  readonly reopen: () => Promise<void>;
}

/** How the connections of one SQLite file are doing. */
export class SqliteConnections implements ConnectionStateManager {
  readonly #file: DataFile;
  readonly #parts: ConnectionParts;
  readonly #openedAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: DataFile, parts: ConnectionParts) {
    this.#file = file;
    this.#parts = parts;
    this.#openedAt = file.settings.clock();
  }

  /** Checks now and then, until `stop`. */
  start(): void {
    const { healthCheckMs } = this.#file.settings;
    if (healthCheckMs === 0) return;
    this.#timer = setInterval(() => {
      this.checkHealth().catch((error: unknown) => this.#report([String(error)]));
    }, healthCheckMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  list(): readonly ConnectionState[] {
    const { core, readers } = this.#parts;
    const now = this.#file.settings.clock();
    const writer: ConnectionState = {
      id: "writer",
      kind: "writer",
      state: core.session.verbs.inTransaction ? "active" : "idle",
      ageMs: now - this.#openedAt,
      metrics: metricsOf({ ...core.session.counts, heldMs: 0 }),
    };
    const others = readers
      .list()
      .map(({ id, session, openedAt, heldSince, heldMs }): ConnectionState => ({
        id,
        kind: "reader",
        state: heldSince === undefined ? "idle" : "active",
        ageMs: now - openedAt,
        metrics: metricsOf({ ...session.counts, heldMs }),
      }));
    return [writer, ...others];
  }

  getMetrics(): ConnectionMetrics {
    const { core, readers } = this.#parts;
    const open = readers.list().map(({ session, heldMs }) => ({ ...session.counts, heldMs }));
    const writer = { ...noCounts, ...core.session.counts };
    return metricsOf([writer, ...open].reduce(addCounts, readers.retiredCounts));
  }

  async checkHealth(): Promise<HealthReport> {
    const { core, readers, reopen } = this.#parts;
    const problems = readers
      .checkIdle()
      .map((id) => `The connection ${id} could not read the file and was replaced.`);
    if (core.replaced) {
      problems.push(
        `The file ${this.#file.location} was removed or replaced by another program. ` +
          "Everything is reopened on the one that is there now.",
      );
      core.distrust();
    } else if (!core.session.verbs.inTransaction && !core.session.answers()) {
      problems.push("The connection that writes could not read the file and is replaced.");
      core.distrust();
    }
    this.#report(problems);
    if (core.reopenRequired) await reopen();
    return { healthy: problems.length === 0, problems };
  }

  async handleDisconnect(): Promise<void> {
    this.#parts.core.distrust();
    await this.#parts.reopen();
  }

  #report(problems: readonly string[]): void {
    const { emit, location } = this.#file;
    if (problems.length > 0) emit?.({ type: "unhealthy", location, problems });
  }
}
