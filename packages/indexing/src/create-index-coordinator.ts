import type { Connection } from "@atlas/storage";
import { dropIndex, makeIndex, type Workshop } from "./build-index.ts";
import { checkDeclarations, type Tables } from "./check-declarations.ts";
import { ColumnMaintainer } from "./column-maintainer.ts";
import { ensureIndexes, undeclaredIn } from "./ensure-indexes.ts";
import { countOrdinary, countSearch } from "./entry-count.ts";
import { indexError } from "./errors.ts";
import type { IndexCoordinator, SearchCondition } from "./index-coordinator.ts";
import type { IndexDeclaration } from "./index-declaration.ts";
import { createLedger, type Ledger, readLedger, recordIndex } from "./index-ledger.ts";
import {
  type IndexCoordinatorOptions,
  type ResolvedIndexOptions,
  resolveIndexOptions,
} from "./index-options.ts";
import type { EnsureReport, IndexFinding, IndexReport, RebuildReport } from "./index-report.ts";
import { MaintainedColumn } from "./maintained-column.ts";
import type { MaintainedChange, RowChange, RowKey } from "./row-change.ts";
import { verifyIndex } from "./verify-index.ts";

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
  readonly #searches = new Map<string, string>();

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
    for (const declaration of declarations) {
      if (declaration.kind !== "search") continue;
      const [key] = tables.get(declaration.table)!.primaryKey;
      this.#searches.set(declaration.name, dialect.searchCondition(declaration, key!));
    }
  }

  async ensure(): Promise<EnsureReport> {
    const startedAt = this.#options.clock();
    const report = await ensureIndexes(this.#options, this.#workshop);
    const [created, replaced, removed] = [report.created, report.replaced, report.removed].map(
      ({ length }) => length,
    ) as [number, number, number];
    if (created + replaced + removed > 0) {
      const durationMs = this.#options.clock() - startedAt;
      this.#options.onEvent({ type: "index.ensured", created, replaced, removed, durationMs });
    }
    return report;
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

  async count(name: string): Promise<number> {
    const { transactions, dialect } = this.#options;
    const [declaration] = this.#find([name]);
    return transactions.read(async (reader) => {
      switch (declaration!.kind) {
        case "unique":
        case "secondary":
          return (await countOrdinary(reader, dialect, declaration!)).entries;
        case "search":
          return (await countSearch(reader, dialect, declaration!)).entries;
        case "maintained":
          return this.#workshop.columns.get(name)!.count(reader);
      }
    });
  }

  search(name: string, text: string): SearchCondition {
    const sql = this.#searches.get(name);
    if (sql !== undefined) return { sql, params: [this.#options.dialect.searchText(text)] };
    this.#find([name]);
    throw indexError(
      "index.not_searchable",
      `The index "${name}" is not a search index, so no text can be looked up in it.`,
      { details: { index: name } },
    );
  }

  async verify(names?: readonly string[]): Promise<IndexReport> {
    const { findingsMax, clock } = this.#options;
    const wanted = this.#find(names);
    const startedAt = clock();
    const verified: string[] = [];
    const findings: IndexFinding[] = [];
    for (const declaration of wanted) {
      if (findings.length > findingsMax) break;
      // One more than is kept, so that it is known whether something was left out.
      findings.push(...(await this.#verify(declaration, findingsMax + 1 - findings.length)));
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

  async rebuild(names?: readonly string[]): Promise<RebuildReport> {
    const wanted = this.#find(names);
    let repairedRows = 0;
    for (const declaration of wanted) repairedRows += await this.#rebuild(declaration);
    return { rebuilt: wanted.map(({ name }) => name), repairedRows };
  }

  async #rebuild(declaration: IndexDeclaration): Promise<number> {
    const { transactions, dialect, owner, buildTimeoutMs, clock } = this.#options;
    const { name, kind } = declaration;
    const startedAt = clock();
    const repairedRows = await transactions.atomic(
      async (connection) => {
        const ledger = await readLedger(connection, dialect, owner);
        if (ledger === undefined) await createLedger(connection, dialect);
        await dropIndex(this.#workshop, ledger?.get(name)?.declaration ?? declaration);
        const repaired = await makeIndex(this.#workshop, connection, declaration);
        await recordIndex(connection, owner, declaration);
        return repaired;
      },
      { holdTimeoutMs: buildTimeoutMs },
    );
    const durationMs = clock() - startedAt;
    this.#options.onEvent({ type: "index.rebuilt", index: name, kind, repairedRows, durationMs });
    return repairedRows;
  }

  /** Each in a transaction of its own, so that others may write in between. */
  async #verify(declaration: IndexDeclaration, limit: number): Promise<readonly IndexFinding[]> {
    const { transactions, dialect, owner, buildTimeoutMs } = this.#options;
    const { columns } = this.#workshop;
    const inspect = async (connection: Connection): Promise<readonly IndexFinding[]> => {
      const ledger: Ledger = (await readLedger(connection, dialect, owner)) ?? new Map();
      return verifyIndex(connection, declaration, { dialect, ledger, columns, limit });
    };
    // A database may have to write in order to look into a search index.
    return declaration.kind === "search"
      ? transactions.atomic(inspect, { holdTimeoutMs: buildTimeoutMs })
      : transactions.read(inspect);
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
