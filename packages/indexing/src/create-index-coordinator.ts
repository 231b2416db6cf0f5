import { checkOptions } from "@atlas/errors";
import { type AdviceSource, adviseIndexes, type IndexAdvisory } from "./advise-indexes.ts";
import { definitionOf, type Workshop } from "./build-index.ts";
import { checkDeclarations, type Tables } from "./check-declarations.ts";
import { ColumnMaintainer } from "./column-maintainer.ts";
import { ensureIndexes, undeclaredIn, unfinishedBuilds } from "./ensure-indexes.ts";
import { countEntries, countSearch } from "./entry-count.ts";
import { indexError } from "./errors.ts";
import { primaryIndex } from "./existing-index.ts";
import type { IndexCoordinator, VerifyOptions } from "./index-coordinator.ts";
import type { IndexDeclaration, IndexKind } from "./index-declaration.ts";
import { readLedger } from "./index-ledger.ts";
import {
  type IndexCoordinatorOptions,
  type ResolvedIndexOptions,
  resolveIndexOptions,
} from "./index-options.ts";
import type {
  EnsureReport,
  IndexFinding,
  IndexReport,
  RebuildReport,
  RebuiltIndex,
} from "./index-report.ts";
import { MaintainedColumn } from "./maintained-column.ts";
import { checkSignal, type IndexRunOptions, Pace } from "./pace.ts";
import { Rebuilder } from "./rebuild-index.ts";
import type { MaintainedChange, RowChange, RowKey } from "./row-change.ts";
import type {
  RankedSearch,
  RankedSearchOptions,
  SearchCondition,
  SearchOptions,
} from "./search-condition.ts";
import { SearchTexts } from "./search-texts.ts";
import { verifyIndex, verifyStructure } from "./verify-index.ts";

/** B-trees first: search indexes and expressions are made by reading through them. */
const rebuildOrder: readonly IndexKind[] = [
  "primary",
  "unique",
  "secondary",
  "search",
  "maintained",
];

/**
 * Makes a coordinator for the declared indexes of one store. Nothing is read or
 * written before `ensure`.
 *
 * @throws {AtlasError} index.declaration_invalid
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createIndexCoordinator(options: IndexCoordinatorOptions): IndexCoordinator {
  const resolved = resolveIndexOptions(options);
  const tables: Tables = new Map(resolved.tables.map((table) => [table.name, table]));
  checkDeclarations(resolved.declarations, tables);
  return new Coordinator(resolved, tables);
}

class Coordinator implements IndexCoordinator {
  readonly declarations: readonly IndexDeclaration[];
  readonly #options: ResolvedIndexOptions;
  readonly #workshop: Workshop;
  readonly #maintainer: ColumnMaintainer;
  readonly #rebuilder: Rebuilder;
  readonly #searches: SearchTexts;

  constructor(options: ResolvedIndexOptions, tables: Tables) {
    const { transactions, dialect, declarations } = options;
    this.declarations = declarations;
    this.#options = options;
    const columns = new Map<string, MaintainedColumn>();
    for (const declaration of declarations) {
      if (declaration.kind !== "maintained") continue;
      const table = tables.get(declaration.table)!;
      columns.set(declaration.name, new MaintainedColumn(declaration, { dialect, table }));
    }
    this.#workshop = { transactions, dialect, tables, columns };
    this.#maintainer = new ColumnMaintainer([...columns.values()], tables);
    this.#rebuilder = new Rebuilder(options, this.#workshop);
    this.#searches = new SearchTexts(options, tables);
  }

  async ensure(): Promise<EnsureReport> {
    const startedAt = this.#options.clock();
    const report = await ensureIndexes(this.#options, this.#workshop);
    const unfinished = await unfinishedBuilds(this.#options);
    for (const declaration of unfinished) await this.#rebuild(declaration, {});
    const [created, replaced, removed] = [report.created, report.replaced, report.removed].map(
      ({ length }) => length,
    ) as [number, number, number];
    if (created + replaced + removed > 0) {
      const durationMs = this.#options.clock() - startedAt;
      this.#options.onEvent({ type: "index.ensured", created, replaced, removed, durationMs });
    }
    return { ...report, finished: unfinished.map(({ name }) => name) };
  }

  affects(table: string): boolean {
    return this.#maintainer.affects(table);
  }

  async update(table: string, keys: Iterable<RowKey>): Promise<readonly MaintainedChange[]> {
    this.#requireTransaction();
    const { connection } = this.#options.transactions;
    return this.#report(await this.#maintainer.update(connection, table, keys));
  }

  async batchUpdate(changes: Iterable<RowChange>): Promise<readonly MaintainedChange[]> {
    this.#requireTransaction();
    const { connection } = this.#options.transactions;
    return this.#report(await this.#maintainer.batchUpdate(connection, changes));
  }

  async count(name?: string): Promise<number> {
    const wanted =
      name === undefined
        ? this.declarations.filter(({ kind }) => kind === "primary")
        : this.#find([name]);
    let entries = 0;
    for (const declaration of wanted) entries += await this.#countOf(declaration);
    return entries;
  }

  search(name: string, text: string, options: SearchOptions = {}): SearchCondition {
    const [declaration] = this.#find([name]);
    return this.#searches.condition(declaration!, text, options);
  }

  rankedSearch(name: string, text: string, options: RankedSearchOptions = {}): RankedSearch {
    const [declaration] = this.#find([name]);
    return this.#searches.ranked(declaration!, text, options);
  }

  async verify(names?: readonly string[], options: VerifyOptions = {}): Promise<IndexReport> {
    const { findingsMax, clock } = this.#options;
    const run = { ...options };
    checkOptions("verify", run, { signal: "any", structure: "any" });
    const wanted = this.#find(names);
    const startedAt = clock();
    const verified: string[] = [];
    const findings: IndexFinding[] = [];
    for (const declaration of wanted) {
      if (findings.length > findingsMax) break;
      // One more than is kept, so that it is known whether something was left out.
      const limit = findingsMax + 1 - findings.length;
      findings.push(...(await this.#verify(declaration, limit, run)));
      verified.push(declaration.name);
    }
    if (names === undefined) findings.push(...(await this.#undeclared()));
    const report: IndexReport = {
      ok: findings.length === 0,
      findings: findings.slice(0, findingsMax),
      truncated: findings.length > findingsMax,
      verified,
    };
    this.#options.onEvent({
      type: "index.verified",
      indexes: verified.length,
      findings: report.findings.length,
      truncated: report.truncated,
      durationMs: clock() - startedAt,
    });
    return report;
  }

  async rebuild(names?: readonly string[], options: IndexRunOptions = {}): Promise<RebuildReport> {
    const run = { ...options };
    checkOptions("rebuild", run, { signal: "any" });
    const order = ({ kind }: IndexDeclaration): number => rebuildOrder.indexOf(kind);
    const wanted = this.#find(names).toSorted((a, b) => order(a) - order(b));
    const indexes: RebuiltIndex[] = [];
    for (const declaration of wanted) indexes.push(await this.#rebuild(declaration, run));
    return {
      rebuilt: indexes.map(({ name }) => name),
      repairedRows: indexes.reduce((sum, { repairedRows }) => sum + repairedRows, 0),
      indexes,
    };
  }

  advise(source: AdviceSource): Promise<IndexAdvisory> {
    return adviseIndexes(source, this.declarations, this.#options.dialect);
  }

  async #rebuild(
    declaration: IndexDeclaration,
    { signal }: IndexRunOptions,
  ): Promise<RebuiltIndex> {
    const { clock } = this.#options;
    const { name, kind } = declaration;
    const startedAt = clock();
    checkSignal(signal);
    const pace = new Pace(
      this.#options,
      { phase: "rebuild", ...(signal === undefined ? {} : { signal }) },
      declaration,
    );
    const repairedRows = await this.#rebuilder.rebuild(declaration, pace);
    const { slices, longestMs: longestSliceMs } = pace;
    const figures = { repairedRows, slices, longestSliceMs, durationMs: clock() - startedAt };
    this.#options.onEvent({ type: "index.rebuilt", index: name, kind, ...figures });
    return { name, kind, ...figures };
  }

  /** On one snapshot, which keeps no one from writing. */
  async #verify(
    declaration: IndexDeclaration,
    limit: number,
    { signal, structure = true }: VerifyOptions,
  ): Promise<readonly IndexFinding[]> {
    const { transactions, dialect, owner } = this.#options;
    const { columns, tables } = this.#workshop;
    checkSignal(signal);
    const findings = await transactions.read(async (reader) => {
      const ledger = (await readLedger(reader, dialect, owner)) ?? new Map();
      const pace = new Pace(
        this.#options,
        { phase: "verify", ...(signal === undefined ? {} : { signal }) },
        declaration,
      );
      const inspection = { dialect, tables, ledger, columns, pace, limit };
      return verifyIndex(reader, declaration, inspection);
    });
    if (declaration.kind !== "search" || findings.length > 0 || !structure) return findings;
    return verifyStructure(declaration, this.#options);
  }

  #countOf(declaration: IndexDeclaration): Promise<number> {
    const { transactions, dialect } = this.#options;
    return transactions.read(async (reader) => {
      switch (declaration.kind) {
        case "primary": {
          const { table } = declaration;
          const index = await primaryIndex(reader, declaration, this.#workshop);
          return countEntries(reader, dialect, { ...index, table });
        }
        case "unique":
        case "secondary":
          return countEntries(reader, dialect, definitionOf(declaration));
        case "search":
          return countSearch(reader, dialect, declaration);
        case "maintained":
          return this.#workshop.columns.get(declaration.name)!.count(reader);
      }
    });
  }

  /** What is in the ledger and in no declaration. */
  async #undeclared(): Promise<readonly IndexFinding[]> {
    const { transactions, dialect, owner } = this.#options;
    const ledger = await transactions.read((reader) => readLedger(reader, dialect, owner));
    return undeclaredIn(ledger ?? new Map(), this.#options).map(({ name, kind }) => ({
      index: name,
      kind,
      problem: "undeclared",
    }));
  }

  #find(names: readonly string[] | undefined): readonly IndexDeclaration[] {
    if (names === undefined) return this.declarations;
    return names.map((name) => {
      const found = this.declarations.find((declaration) => declaration.name === name);
      if (found !== undefined) return found;
      const known = this.declarations.map((declaration) => declaration.name);
      throw indexError(
        "index.unknown",
        `There is no index "${name}". Known are ${known.slice(0, 20).join(", ") || "none"}.`,
        { details: { index: name, known } },
      );
    });
  }

  #report(changes: readonly MaintainedChange[]): readonly MaintainedChange[] {
    for (const { index, keys } of changes) {
      this.#options.onEvent({ type: "index.maintained", index, rows: keys.length });
    }
    return changes;
  }

  #requireTransaction(): void {
    if (this.#options.transactions.current() !== undefined) return;
    throw indexError(
      "index.transaction_required",
      "Maintained columns were to be updated outside a transaction. Do it inside the one that " +
        "changes the data, or the values disagree when only one of them is committed.",
      { txState: "none" },
    );
  }
}
