/**
 * A database in memory with the schema and the statistics of another one, and
 * no rows. What SQLite plans here is what it plans there, for any values and
 * without touching the data; an index can be made here to see what it would do.
 *
 * Triggers are not copied: they do not change the plan of the statement that
 * fires them, and their own statements are not shown.
 */
import { closedError } from "../closed-error.ts";
import type { Driver, Handle } from "../driver.ts";
import { translateError } from "../translate-error.ts";
import { quoteIdentifier } from "../quote-identifier.ts";
import { readIndexesAgain, readSchemaFacts, type TableFacts } from "./schema-facts.ts";

/** One object of a schema, in the order it was made. */
export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** What ANALYZE has written: one row per index, or per table without one. */
export interface StatisticsRow {
  readonly tbl: string;
  readonly idx: string | null;
  /** Rows, then for each leading column of the index the rows that share its value. */
  readonly stat: string;
}

/** The values ANALYZE has sampled, as it stores them. */
export interface SampleRow {
  readonly tbl: string;
  readonly idx: string;
  readonly neq: string;
  readonly nlt: string;
  readonly ndlt: string;
  readonly sample: Uint8Array | null;
}

/** What a copy is made of. */
export interface CopiedSchema {
  readonly location: string;
  readonly objects: readonly SchemaObject[];
  readonly statistics: readonly StatisticsRow[];
  readonly samples: readonly SampleRow[];
}

/** One line of EXPLAIN QUERY PLAN. */
export interface PlanRow {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

/** An index to make, with what ANALYZE would say of it. */
export interface MadeIndex {
  readonly table: string;
  readonly sql: string;
  readonly statistics?: StatisticsRow;
}

/** Newer than the types of the driver: unlike a prepared EXPLAIN it needs no values. */
type ExplainingHandle = Handle & { explain(sql: string): PlanRow[] };

/** Schema and statistics without rows; see above. */
export class SchemaCopy implements Disposable {
  readonly location: string;
  /** Share of a table's rows that a condition leaves, by table and condition, once measured. */
  readonly shares: Map<string, number | undefined> = new Map();
  readonly #handle: ExplainingHandle;
  readonly #analyzed: Set<string>;
  readonly #assumed: StatisticsRow[] = [];
  #tables: ReadonlyMap<string, TableFacts> | undefined;
  #statistics: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(driver: Driver, schema: CopiedSchema) {
    this.location = schema.location;
    this.#analyzed = new Set(schema.statistics.map(({ tbl }) => tbl.toLowerCase()));
    this.#handle = new driver(":memory:") as ExplainingHandle;
    try {
      this.#createObjects(schema.objects);
      // Makes the tables for statistics, which cannot be created by hand.
      // What it says of the tables a search index fills by itself is not true there.
      this.#handle.exec("ANALYZE; DELETE FROM sqlite_stat1; DELETE FROM sqlite_stat4");
      this.#insertStatistics(schema.statistics);
      this.#addSamples(schema.samples);
      this.#load();
    } catch (cause) {
      this.#handle.close();
      throw translateError(cause, { during: "prepare" });
    }
  }

  /** By lower-case name. */
  get tables(): ReadonlyMap<string, TableFacts> {
    this.#tables ??= readSchemaFacts(this.#handle);
    return this.#tables;
  }

  /** Rows of a table, or of an index by its name; undefined when there are no statistics. */
  rowsOf(name: string): number | undefined {
    return this.statisticOf(name)?.[0];
  }

  /** The numbers of an index, as in {@link StatisticsRow}; of a table, its rows alone. */
  statisticOf(name: string): readonly number[] | undefined {
    this.#statistics ??= this.#readStatistics();
    return this.#statistics.get(name.toLowerCase());
  }

  /**
   * How SQLite would run a statement.
   *
   * @throws {AtlasError} storage.statement_invalid when it cannot be compiled.
   */
  explain(sql: string): readonly PlanRow[] {
    if (!this.#handle.open) throw closedError(this.location);
    try {
      return this.#handle.explain(`QUERY PLAN ${sql}`);
    } catch (cause) {
      throw translateError(cause, { during: "prepare" });
    }
  }

  /** True for a table with whose statistics SQLite plans. */
  isAnalyzed(table: string): boolean {
    return this.#analyzed.has(table.toLowerCase());
  }

  /** Adds statistics as if ANALYZE had written them. */
  adoptStatistics(rows: readonly StatisticsRow[]): void {
    for (const { tbl } of rows) this.#analyzed.add(tbl.toLowerCase());
    this.#insertStatistics(rows);
    this.#load();
  }

  /** Tells statistics that {@link statisticOf} answers, but SQLite does not plan with. */
  assumeStatistics(rows: readonly StatisticsRow[]): void {
    this.#assumed.push(...rows);
    this.#statistics = undefined;
  }

  /** Makes indexes with the given statistics, as if they had been filled and analysed. */
  createIndexes(made: readonly MadeIndex[]): void {
    for (const { sql } of made) this.#handle.exec(sql);
    const statistics = made.flatMap((each) => each.statistics ?? []);
    // Beside a table that was not analysed SQLite would not have them either.
    this.#insertStatistics(statistics.filter(({ tbl }) => this.isAnalyzed(tbl)));
    this.#assumed.push(...statistics.filter(({ tbl }) => !this.isAnalyzed(tbl)));
    this.#load(made.map(({ table }) => table));
  }

  /** Removes an index with its statistics. */
  dropIndex(index: { readonly name: string; readonly table: string }): void {
    this.#handle.exec(`DROP INDEX ${quoteIdentifier(index.name)}`);
    this.#load([index.table]);
  }

  /** Runs `body` and takes back every index it has made or removed. */
  tryOut<T>(body: () => T): T {
    const [tables, statistics, assumed] = [this.#tables, this.#statistics, this.#assumed.length];
    this.#handle.exec("SAVEPOINT attempt");
    try {
      return body();
    } finally {
      this.#handle.exec("ROLLBACK TO attempt; RELEASE attempt");
      this.#load();
      this.#assumed.length = assumed;
      [this.#tables, this.#statistics] = [tables, statistics];
    }
  }

  [Symbol.dispose](): void {
    this.#handle.close();
  }

  #createObjects(objects: readonly SchemaObject[]): void {
    const ordered = ["table", "index", "view"].flatMap((type) =>
      objects.filter((object) => object.type === type),
    );
    for (const { name, sql } of ordered) {
      // Search indexes bring their own tables, which the schema lists as well.
      if (this.#exists(name)) continue;
      try {
        this.#handle.exec(sql);
      } catch {
        // Made by a module that this build lacks: statements about it cannot be planned.
      }
    }
  }

  #exists(name: string): boolean {
    const sql = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    return this.#handle.prepare<[string]>(sql).get(name) !== undefined;
  }

  #addSamples(rows: readonly SampleRow[]): void {
    const insert = this.#handle.prepare(
      "INSERT INTO sqlite_stat4 (tbl, idx, neq, nlt, ndlt, sample) VALUES (?, ?, ?, ?, ?, ?)",
    );
    for (const { tbl, idx, neq, nlt, ndlt, sample } of rows) {
      insert.run(tbl, idx, neq, nlt, ndlt, sample);
    }
  }

  #insertStatistics(rows: readonly StatisticsRow[]): void {
    const insert = this.#handle.prepare(
      "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
    );
    for (const { tbl, idx, stat } of rows) insert.run(tbl, idx, stat);
  }

  /** Lets SQLite plan with the statistics as they are now; reads again what has changed. */
  #load(changed: readonly string[] = []): void {
    this.#handle.exec("ANALYZE sqlite_schema");
    this.#statistics = undefined;
    if (this.#tables === undefined || changed.length === 0) return;
    const tables = new Map(this.#tables);
    for (const name of new Set(changed)) {
      const old = tables.get(name.toLowerCase());
      if (old !== undefined) tables.set(name.toLowerCase(), readIndexesAgain(this.#handle, old));
    }
    this.#tables = tables;
  }

  #readStatistics(): ReadonlyMap<string, readonly number[]> {
    const rows = this.#handle
      .prepare<[], StatisticsRow>("SELECT tbl, idx, stat FROM sqlite_stat1")
      .all();
    rows.push(...this.#assumed);
    const found = new Map<string, readonly number[]>();
    const wholes = new Map<string, number>();
    for (const { tbl, idx, stat } of rows) {
      const numbers = stat.split(" ").map(Number).filter(Number.isFinite);
      // The tree of a WITHOUT ROWID table has the name of the table.
      if (idx !== null) found.set(idx.toLowerCase(), numbers);
      const table = tbl.toLowerCase();
      // Every index counts rows; those with a condition count fewer.
      wholes.set(table, Math.max(wholes.get(table) ?? 0, numbers[0] ?? 0));
    }
    for (const [table, rowsOfTable] of wholes) {
      found.set(table, found.get(table) ?? [rowsOfTable]);
    }
    return found;
  }
}
