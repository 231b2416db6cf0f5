/**
 * Keeps maintained columns in the transaction that changes the data.
 *
 * Invariant: when an update returns, every declared value that the given
 * changes touch equals its expression. A column may depend on another one, so
 * rows that were changed are looked at again for who depends on them, round
 * after round, until a round changes nothing. Only rows whose value really
 * changed are followed, so the rounds end unless rows form a circle.
 */
import type { Connection } from "@atlas/storage";
import { AffectedRows } from "./affected-rows.ts";
import type { Tables } from "./check-declarations.ts";
import { indexError } from "./errors.ts";
import type { MaintainedColumn } from "./maintained-column.ts";
import type { MaintainedChange, RowChange, RowKey } from "./row-change.ts";

/** Rounds after which maintained columns are said to change each other without end. */
export const cascadeRoundsMax = 1_000;

type Pending = Map<MaintainedColumn, Set<RowKey>>;

/** Recomputes maintained columns after changes. */
export class ColumnMaintainer {
  readonly #columns: readonly MaintainedColumn[];
  readonly #affected: readonly AffectedRows[];
  readonly #tables: ReadonlySet<string>;

  constructor(columns: readonly MaintainedColumn[], tables: Tables) {
    this.#columns = columns;
    this.#affected = columns.flatMap((column) =>
      (column.declaration.affectedBy ?? []).map(
        (affecting) => new AffectedRows(column, affecting, tables),
      ),
    );
    this.#tables = new Set(this.#affected.map(({ table }) => table));
  }

  /** True when a change of this table's rows can touch a maintained column. */
  affects(table: string): boolean {
    return this.#tables.has(table);
  }

  /** Recomputes all columns of `table` for these rows, and what depends on them. */
  update(
    connection: Connection,
    table: string,
    keys: Iterable<RowKey>,
  ): Promise<readonly MaintainedChange[]> {
    const rows = new Set(keys);
    const pending: Pending = new Map();
    for (const column of this.#columns) {
      if (column.declaration.table === table) add(pending, column, rows);
    }
    return this.#settle(connection, pending);
  }

  /** Recomputes what the changes touch, and what depends on it. */
  async batchUpdate(
    connection: Connection,
    changes: Iterable<RowChange>,
  ): Promise<readonly MaintainedChange[]> {
    const relevant = [...changes].filter(({ table }) => this.#tables.has(table));
    if (relevant.length === 0) return [];
    const pending: Pending = new Map();
    for (const affected of this.#affected) {
      const vias = new Set<RowKey>();
      for (const change of relevant) {
        if (change.table === affected.table) affected.collect(change, vias);
      }
      add(pending, affected.target, await affected.keysOf(connection, vias));
    }
    return this.#settle(connection, pending);
  }

  async #settle(connection: Connection, first: Pending): Promise<readonly MaintainedChange[]> {
    const changed: Pending = new Map();
    let pending = first;
    for (let round = 0; pending.size > 0; round += 1) {
      if (round === cascadeRoundsMax) throw endless([...pending.keys()]);
      const next: Pending = new Map();
      for (const [column, rows] of pending) {
        const keys = await column.recompute(connection, rows);
        if (keys.length === 0) continue;
        add(changed, column, keys);
        const { table, column: name } = column.declaration;
        for (const affected of this.#affected) {
          add(
            next,
            affected.target,
            await affected.follow(connection, { table, column: name, keys }),
          );
        }
      }
      pending = next;
    }
    return [...changed].map(([{ declaration }, keys]) => ({
      index: declaration.name,
      table: declaration.table,
      column: declaration.column,
      keys: [...keys],
    }));
  }
}

function add(pending: Pending, column: MaintainedColumn, keys: Iterable<RowKey>): void {
  let rows = pending.get(column);
  for (const key of keys) {
    if (rows === undefined) pending.set(column, (rows = new Set()));
    rows.add(key);
  }
}

function endless(columns: readonly MaintainedColumn[]): Error {
  const indexes = columns.map(({ declaration }) => declaration.name);
  return indexError(
    "index.cascade_endless",
    `After ${cascadeRoundsMax} rounds ${indexes.join(", ")} still changed. Look for rows that ` +
      "form a circle; nothing was committed.",
    { details: { indexes, cascadeRoundsMax }, txState: "active" },
  );
}
