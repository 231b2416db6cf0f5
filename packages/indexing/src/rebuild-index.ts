/**
 * Makes indexes again while the store serves.
 *
 * Search indexes and maintained columns are made in slices, each in a
 * transaction of its own; writers get through in between. What is done is
 * written down with each slice: after a crash, or beside another process, a
 * rebuild goes on where it is. An ordinary index is made by one statement of
 * the database, which nothing can divide.
 */
import type { Connection } from "@atlas/storage";
import { coverBuild, coveredSql, forgetBuild, readBuilds, recordBuild } from "./build-ledger.ts";
import {
  dropAll,
  dropIndex,
  executeAll,
  makeIndex,
  repairEndless,
  type Workshop,
} from "./build-index.ts";
import { cascadeRoundsMax } from "./column-maintainer.ts";
import { primaryIndex } from "./existing-index.ts";
import type {
  IndexDeclaration,
  MaintainedColumnDeclaration,
  PrimaryIndexDeclaration,
  SearchIndexDeclaration,
} from "./index-declaration.ts";
import { createLedger, hashOf, readLedger, recordIndex } from "./index-ledger.ts";
import type { ResolvedIndexOptions } from "./index-options.ts";
import type { Pace } from "./pace.ts";
import type { RowRange } from "./row-walk.ts";
import { existingParts } from "./verify-search.ts";

/** Rebuilds what one coordinator has declared. */
export class Rebuilder {
  readonly #options: ResolvedIndexOptions;
  readonly #workshop: Workshop;

  constructor(options: ResolvedIndexOptions, workshop: Workshop) {
    this.#options = options;
    this.#workshop = workshop;
  }

  /** Makes one index again; answers how many rows of a maintained column were wrong. */
  async rebuild(declaration: IndexDeclaration, pace: Pace): Promise<number> {
    switch (declaration.kind) {
      case "primary":
        await this.#step(pace, (connection) => this.#reindex(connection, declaration));
        return 0;
      case "unique":
      case "secondary":
        await this.#step(pace, (connection) => this.#replace(connection, declaration));
        return 0;
      case "search":
        await this.#rebuildSearch(declaration, pace);
        return 0;
      case "maintained":
        return this.#rebuildColumn(declaration, pace);
    }
  }

  async #reindex(connection: Connection, declaration: PrimaryIndexDeclaration): Promise<number> {
    const index = await primaryIndex(connection, declaration, this.#workshop);
    if (index === undefined) return makeIndex(this.#workshop, connection, declaration);
    // A table that is its own index is stored in the order of its key: there is nothing beside it.
    if (index.name !== undefined) {
      await executeAll(connection, this.#workshop.dialect.reindex(index.name));
    }
    return 0;
  }

  async #replace(connection: Connection, declaration: IndexDeclaration): Promise<number> {
    const { dialect, owner } = this.#options;
    const ledger = await readLedger(connection, dialect, owner);
    await createLedger(connection, dialect);
    await dropIndex(this.#workshop, ledger?.get(declaration.name)?.declaration ?? declaration);
    await makeIndex(this.#workshop, connection, declaration);
    await recordIndex(connection, owner, declaration);
    return 0;
  }

  async #rebuildSearch(declaration: SearchIndexDeclaration, pace: Pace): Promise<void> {
    const begun = await this.#step(pace, (connection) =>
      this.#beginSearch(connection, declaration),
    );
    for (let more = begun; more > 0;) {
      more = await this.#step(pace, (connection) =>
        this.#continueSearch(connection, declaration, pace.length),
      );
    }
  }

  /** Goes on with one that was begun from the same declaration. */
  async #beginSearch(connection: Connection, declaration: SearchIndexDeclaration): Promise<number> {
    const { dialect, tables } = this.#workshop;
    const build = dialect.searchIndexBuild(declaration, tables.get(declaration.table)!);
    const builds = await readBuilds(connection, dialect);
    const begun = builds.get(declaration.name)?.hash === hashOf(declaration);
    if (begun && (await connection.get(dialect.tableExists(build.name))) !== undefined) return 1;
    await this.#removeRemains(connection);
    await dropAll(this.#workshop, build.abandon);
    if (builds.has(declaration.name)) await forgetBuild(connection, declaration.name);
    await recordBuild(connection, dialect, declaration);
    await executeAll(connection, build.begin(coveredSql(declaration.name)));
    return 1;
  }

  /**
   * Triggers of a search index whose table is gone refuse every write to the
   * rows, and every renaming of a table: they go first, whichever is rebuilt.
   */
  async #removeRemains(connection: Connection): Promise<void> {
    const { dialect } = this.#workshop;
    for (const declaration of this.#options.declarations) {
      if (declaration.kind !== "search") continue;
      const parts = await existingParts(connection, declaration, dialect);
      if (parts.size === 0 || parts.has(declaration.name)) continue;
      await dropAll(this.#workshop, dialect.dropSearchIndex(declaration));
    }
  }

  /** Answers the rows that were added; 0 when all are in the index and it has taken its place. */
  async #continueSearch(
    connection: Connection,
    declaration: SearchIndexDeclaration,
    length: number,
  ): Promise<number> {
    const { dialect, tables } = this.#workshop;
    const { name, table } = declaration;
    const progress = (await readBuilds(connection, dialect)).get(name);
    // Another process has finished it.
    if (progress === undefined) return 0;
    const build = dialect.searchIndexBuild(declaration, tables.get(table)!);
    const { rows } = await connection.execute(
      `SELECT max("row") AS last, count(*) AS n FROM (SELECT rowid AS "row" ` +
        `FROM ${dialect.pastIndexes(tables.get(table)!)} WHERE rowid > ? ORDER BY rowid LIMIT ?)`,
      [progress.covered, length],
    );
    const count = Number(rows[0]?.["n"]);
    if (count > 0) {
      const last = Number(rows[0]?.["last"]);
      await connection.execute(build.fill, [progress.covered, last]);
      await coverBuild(connection, name, last);
      return count;
    }
    const ledger = await readLedger(connection, dialect, this.#options.owner);
    await createLedger(connection, dialect);
    await dropIndex(this.#workshop, ledger?.get(name)?.declaration ?? declaration);
    await executeAll(connection, build.finish);
    await recordIndex(connection, this.#options.owner, declaration);
    await forgetBuild(connection, name);
    return 0;
  }

  /** Repeats until a whole pass finds nothing: the rows of a column may depend on each other. */
  async #rebuildColumn(declaration: MaintainedColumnDeclaration, pace: Pace): Promise<number> {
    const { dialect, owner } = this.#options;
    const column = this.#workshop.columns.get(declaration.name)!;
    await this.#step(pace, async (connection) => {
      if ((await readBuilds(connection, dialect)).has(declaration.name)) return 0;
      await recordBuild(connection, dialect, declaration);
      return 0;
    });
    let total = 0;
    for (let round = 0; ; round += 1) {
      if (round === cascadeRoundsMax) throw repairEndless(column);
      let repaired = 0;
      let range: RowRange | undefined;
      do {
        const after = range?.to;
        range = await this.#transaction(async (connection) => {
          pace.begin();
          const next = await column.walk.next(connection, after, pace.length);
          if (next !== undefined) repaired += await column.repair(connection, next);
          return next;
        });
        await pace.next(range?.rows ?? 0);
      } while (range !== undefined);
      if (repaired === 0) break;
      total += repaired;
    }
    await this.#step(pace, async (connection) => {
      await createLedger(connection, dialect);
      await recordIndex(connection, owner, declaration);
      await forgetBuild(connection, declaration.name);
      return 0;
    });
    return total;
  }

  /** One transaction, and time for others after it. */
  async #step(pace: Pace, work: (connection: Connection) => Promise<number>): Promise<number> {
    const rows = await this.#transaction((connection) => {
      pace.begin();
      return work(connection);
    });
    await pace.next(rows);
    return rows;
  }

  #transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { transactions, buildTimeoutMs: holdTimeoutMs } = this.#options;
    return transactions.atomic(work, { holdTimeoutMs });
  }
}
