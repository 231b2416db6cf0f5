import type { Connection, Query } from "@atlas/storage";
import type { Tables } from "./check-declarations.ts";
import type { AffectingChange } from "./index-declaration.ts";
import { type KeyList, keyListOf, keyLookup } from "./key-list.ts";
import type { MaintainedColumn } from "./maintained-column.ts";
import { kindOf, type RowChange, type RowKey, type RowValues } from "./row-change.ts";

/** Keys of a table whose maintained column has just changed. */
export interface ChangedColumn {
  readonly table: string;
  readonly column: string;
  readonly keys: readonly RowKey[];
}

/** Finds the rows of one maintained column that changes elsewhere may touch. */
export class AffectedRows {
  readonly target: MaintainedColumn;
  readonly #affecting: AffectingChange;
  /** From keys of the changed table to values of `via`; absent when `via` is that key. */
  readonly #viaOfKeys: Query<RowKey | null, KeyList> | undefined;
  /** From values of `via` to keys of the maintained table; absent when they are those keys. */
  readonly #throughVia: Query<RowKey | null, KeyList> | undefined;
  /** False when a created row cannot touch any. */
  readonly #createdCounts: boolean;

  constructor(target: MaintainedColumn, affecting: AffectingChange, tables: Tables) {
    const { via, through } = affecting;
    // Checked when the coordinator was made: every table is declared.
    const source = tables.get(affecting.table)!;
    const [match] = source.primaryKey;
    this.target = target;
    this.#affecting = affecting;
    this.#viaOfKeys =
      match === via ? undefined : keyLookup({ table: source, match: match!, key: via });
    this.#createdCounts = !isFollowedByItsReferences(target, affecting, tables);
    this.#throughVia = through && keyLookup({ ...through, table: tables.get(through.table)! });
  }

  get table(): string {
    return this.#affecting.table;
  }

  /** Adds what a written row may have touched to `vias`. */
  collect(change: RowChange, vias: Set<RowKey>): void {
    const { via } = this.#affecting;
    if (!this.#counts(change)) return;
    for (const row of [change.before, change.after]) addKey(row?.[via], vias);
  }

  /** The maintained rows that stand behind values of `via`. */
  async keysOf(connection: Connection, vias: ReadonlySet<RowKey>): Promise<Iterable<RowKey>> {
    if (this.#throughVia === undefined || vias.size === 0) return vias;
    return present(await connection.all(this.#throughVia, keyListOf(vias)));
  }

  /** The maintained rows that another maintained column may have touched. */
  async follow(connection: Connection, changed: ChangedColumn): Promise<Iterable<RowKey>> {
    const { table, columns } = this.#affecting;
    if (changed.table !== table || columns?.includes(changed.column) === false) return [];
    const vias =
      this.#viaOfKeys === undefined
        ? changed.keys
        : present(await connection.all(this.#viaOfKeys, keyListOf(changed.keys)));
    return this.keysOf(connection, new Set(vias));
  }

  #counts(change: RowChange): boolean {
    const { columns, on } = this.#affecting;
    const kind = kindOf(change);
    if (kind === undefined || on?.includes(kind) === false) return false;
    if (kind === "created") return this.#createdCounts;
    if (kind === "deleted" || columns === undefined) return true;
    return columns.some((column) => change.before?.[column] !== change.after?.[column]);
  }
}

/**
 * Rows of the table in between refer to a row that was just created by a
 * foreign key, so they were written after it; and each of them, when it is
 * written, has the maintained row recomputed by itself. So nothing has to be
 * looked up for the created row.
 */
function isFollowedByItsReferences(
  { declaration }: MaintainedColumn,
  { table, via, through }: AffectingChange,
  tables: Tables,
): boolean {
  if (through === undefined) return false;
  const refers = tables
    .get(through.table)
    ?.foreignKeys?.some(
      ({ columns, table: target, references }) =>
        target === table && columns.join() === through.match && references.join() === via,
    );
  const isPrimary = tables.get(table)?.primaryKey.join() === via;
  const recomputes = declaration.affectedBy?.some(
    (change) =>
      change.table === through.table &&
      change.via === through.key &&
      change.through === undefined &&
      change.on === undefined &&
      change.columns?.includes(through.match) !== false,
  );
  return refers === true && isPrimary && recomputes === true;
}

function present(keys: readonly (RowKey | null)[]): RowKey[] {
  return keys.filter((key) => key !== null);
}

function addKey(value: RowValues[string], keys: Set<RowKey>): void {
  if (typeof value === "string" || typeof value === "number") keys.add(value);
}
