import type { Database } from "../../database.ts";
import { closedError } from "../closed-error.ts";
import { loadDriver } from "../driver.ts";
import { readSchema, readSchemaMark } from "./read-schema.ts";
import { sampledStatistics, type Samples, samplesOf } from "./sample-tables.ts";
import { SchemaCopy, type StatisticsRow } from "./schema-copy.ts";

/** A copy, and whether part of its statistics had to be sampled. */
export interface SourcedCopy {
  readonly copy: SchemaCopy;
  readonly sampled: boolean;
  readonly samples: Samples;
}

interface KeptCopy extends SourcedCopy {
  readonly mark: string;
  readonly at: number;
  users: number;
}

/** Where copies of a database's schema come from; one is kept while it is true. */
export class SchemaSource implements Disposable {
  readonly #database: Database;
  readonly #options: {
    readonly clock: () => number;
    readonly random: () => number;
    readonly sampleAgeMsMax: number;
  };
  #kept: KeptCopy | undefined;
  #making: Promise<KeptCopy> | undefined;
  #closed = false;

  constructor(
    database: Database,
    options: {
      readonly clock: () => number;
      readonly random: () => number;
      readonly sampleAgeMsMax: number;
    },
  ) {
    this.#database = database;
    this.#options = options;
  }

  /** Runs `body` with a copy that others use as well: it must be left as it is. */
  async use<T>(body: (sourced: SourcedCopy) => Promise<T>): Promise<T> {
    const kept = await this.#current();
    kept.users += 1;
    try {
      return await body(kept);
    } finally {
      kept.users -= 1;
      if (kept !== this.#kept && kept.users === 0) kept.copy[Symbol.dispose]();
    }
  }

  /**
   * A copy for the caller alone, who disposes of it. SQLite plans there as it
   * will after ANALYZE: what it does without, an index should not make up for.
   */
  async freshCopy(): Promise<SourcedCopy> {
    this.#checkOpen();
    return this.#make(true);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#retire();
  }

  async #current(): Promise<KeptCopy> {
    this.#checkOpen();
    const mark = await readSchemaMark(this.#database);
    const kept = this.#kept;
    if (kept !== undefined && kept.mark === mark && !this.#isOld(kept)) return kept;
    this.#making ??= this.#replace(mark).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #replace(mark: string): Promise<KeptCopy> {
    const made: KeptCopy = {
      ...(await this.#make(false)),
      mark,
      at: this.#options.clock(),
      users: 0,
    };
    if (this.#closed) {
      made.copy[Symbol.dispose]();
      this.#checkOpen();
    }
    this.#retire();
    this.#kept = made;
    return made;
  }

  /** Whoever still uses the copy disposes of it. */
  #retire(): void {
    if (this.#kept?.users === 0) this.#kept.copy[Symbol.dispose]();
    this.#kept = undefined;
  }

  async #make(plansWithSamples: boolean): Promise<SourcedCopy> {
    const driver = await loadDriver();
    const schema = await this.#database.read((reader) =>
      readSchema(reader, this.#database.location),
    );
    const copy = new SchemaCopy(driver, schema);
    const samples = samplesOf(this.#database, {
      random: this.#options.random,
      rowsOf: (table) => copy.rowsOf(table),
    });
    try {
      const missing = await missingStatistics(copy, samples);
      if (plansWithSamples) copy.adoptStatistics(missing);
      else copy.assumeStatistics(missing);
      return { copy, samples, sampled: missing.length > 0 };
    } catch (error) {
      copy[Symbol.dispose]();
      throw error;
    }
  }

  #isOld({ sampled, at }: KeptCopy): boolean {
    return sampled && this.#options.clock() - at > this.#options.sampleAgeMsMax;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#database.location);
  }
}

/** What ANALYZE would say of the tables it has not seen. */
async function missingStatistics(
  copy: SchemaCopy,
  samples: Samples,
): Promise<readonly StatisticsRow[]> {
  const missing: StatisticsRow[] = [];
  for (const table of copy.tables.values()) {
    if (table.virtual || copy.rowsOf(table.name) !== undefined) continue;
    missing.push(...(await sampledStatistics(await samples(table), table)));
  }
  return missing;
}
