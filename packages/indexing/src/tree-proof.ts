/**
 * Compares a B-tree with its table, entry by entry.
 *
 * Every row that belongs in the index is looked up by its own values and its
 * own identity: an entry that is missing, or stands under other values or in
 * the wrong place, is not found. So rows that were found have exactly one
 * right entry each, and when the index holds more than those, the rest is too
 * much; only then the index itself is walked through to name them.
 */
import type { Dialect, Query, RawRow, Reader, SqlValue, TableDefinition } from "@atlas/storage";
import type { IndexFinding } from "./index-report.ts";
import type { Pace } from "./pace.ts";
import { keyOf, nameOf, type RowName } from "./row-names.ts";
import { rawQuery, RowWalk } from "./row-walk.ts";

/** The index to prove, as SQL. */
export interface TreeDefinition {
  /** Absent when the table is its own index. */
  readonly name?: string;
  readonly table: TableDefinition;
  /** What it is over: quoted columns or expressions in brackets. */
  readonly parts: readonly string[];
  readonly where?: string;
  readonly unique: boolean;
}

/** A difference without the index it belongs to. */
export type TreeFinding = Pick<IndexFinding, "problem" | "expected" | "actual"> & RowName;

/** What proving takes beside the index. */
export interface TreeInspection {
  readonly dialect: Dialect;
  readonly pace: Pace;
  /** Findings wanted at most. */
  readonly limit: number;
}

/** Every difference between a B-tree and its table, up to `limit`. To be run on one snapshot. */
export async function proveTree(
  reader: Reader,
  tree: TreeDefinition,
  inspection: TreeInspection,
): Promise<readonly TreeFinding[]> {
  const proof = new TreeProof(reader, tree, inspection);
  const missing = await proof.findMissing();
  if (tree.name === undefined || missing.length >= inspection.limit) return missing;
  return [...missing, ...(await proof.findExtra())];
}

class TreeProof {
  readonly #reader: Reader;
  readonly #tree: TreeDefinition;
  readonly #inspection: TreeInspection;
  readonly #walk: RowWalk;
  readonly #where: string;
  /** The table, read through the index and past it. */
  readonly #through: string;
  readonly #past: string;
  readonly #identities: string;
  /** Rows that belong in the index, and those of them that are in it. */
  #belonging = 0;
  #missing = 0;

  constructor(reader: Reader, tree: TreeDefinition, inspection: TreeInspection) {
    const { dialect } = inspection;
    const table = dialect.quoteIdentifier(tree.table.name);
    this.#reader = reader;
    this.#tree = tree;
    this.#inspection = inspection;
    this.#walk = new RowWalk(dialect, tree.table);
    this.#where = tree.where === undefined ? "" : ` AND (${tree.where})`;
    this.#past = this.#walk.source;
    this.#through =
      tree.name === undefined ? table : `${table} INDEXED BY ${dialect.quoteIdentifier(tree.name)}`;
    this.#identities = this.#walk.columns.map((column, at) => `${column} AS i${at}`).join(", ");
  }

  /** Rows that the index does not have under their values. */
  async findMissing(): Promise<readonly TreeFinding[]> {
    const { pace, limit } = this.#inspection;
    const findings: TreeFinding[] = [];
    let range = await this.#walk.next(this.#reader, undefined, pace.length);
    while (range !== undefined) {
      const { sql, params } = this.#walk.condition(range);
      this.#belonging += await this.#countBelonging(range.rows, { sql, params });
      const rows = await this.#reader.all(this.#missingQuery(sql, params));
      this.#missing += rows.length;
      for (const row of rows.slice(0, limit - findings.length)) findings.push(this.#missed(row));
      await pace.next(range.rows);
      range = await this.#walk.next(this.#reader, range.to, pace.length);
    }
    return findings;
  }

  /** Entries that no row has; they are looked for only when there are too many entries. */
  async findExtra(): Promise<readonly TreeFinding[]> {
    const { pace, limit } = this.#inspection;
    const counted = await this.#reader.get(
      rawQuery(`SELECT count(*) AS n FROM ${this.#through} WHERE true${this.#where}`),
    );
    const entries = Number(counted?.["n"]);
    let wanted = Math.min(entries - (this.#belonging - this.#missing), limit - this.#missing);
    const findings: TreeFinding[] = [];
    for (let offset = 0; offset < entries && wanted > 0;) {
      const length = pace.length;
      const rows = await this.#reader.all(this.#extraQuery(length, offset));
      wanted -= rows.length;
      for (const row of rows) findings.push(await this.#exceeding(row));
      offset += length;
      await pace.next(length);
    }
    return findings;
  }

  async #countBelonging(
    rows: number,
    range: { readonly sql: string; readonly params: readonly SqlValue[] },
  ): Promise<number> {
    if (this.#where === "") return rows;
    const counted = await this.#reader.get(
      rawQuery(
        `SELECT count(*) AS n FROM ${this.#past} WHERE ${range.sql}${this.#where}`,
        range.params,
      ),
    );
    return Number(counted?.["n"]);
  }

  #missingQuery(range: string, params: readonly SqlValue[]): Query<RawRow, object> {
    const { parts, table, unique } = this.#tree;
    const { dialect } = this.#inspection;
    const keys = table.primaryKey.map((key, at) => `${dialect.quoteIdentifier(key)} AS p${at}`);
    const values = parts.map((part, at) => `${part} AS k${at}`);
    const equal = (operator: string): string =>
      parts.map((part, at) => `${part} ${operator} want.k${at}`).join(" AND ");
    const same = this.#walk.columns.map((column, at) => `${column} IS want.i${at}`).join(" AND ");
    const twin = unique
      ? `EXISTS (SELECT 1 FROM ${this.#through} WHERE ${equal("=")} AND NOT (${same})${this.#where})`
      : "0";
    return rawQuery(
      `SELECT want.*, ${twin} AS twin FROM (SELECT ${[this.#identities, ...keys, ...values].join(", ")} ` +
        `FROM ${this.#past} WHERE ${range}${this.#where}) AS want WHERE NOT EXISTS ` +
        `(SELECT 1 FROM ${this.#through} WHERE ${equal("IS")} AND ${same}${this.#where})`,
      params,
    );
  }

  #extraQuery(length: number, offset: number): Query<RawRow, object> {
    const { parts } = this.#tree;
    const values = parts.map((part, at) => `${part} AS k${at}`);
    const equal = parts.map((part, at) => `${part} IS entry.k${at}`);
    const same = this.#walk.columns.map((column, at) => `${column} IS entry.i${at}`);
    return rawQuery(
      `SELECT entry.* FROM (SELECT ${[this.#identities, ...values].join(", ")} ` +
        `FROM ${this.#through} WHERE true${this.#where} LIMIT ? OFFSET ?) AS entry WHERE NOT EXISTS ` +
        `(SELECT 1 FROM ${this.#past} WHERE ${[...same, ...equal].join(" AND ")}${this.#where})`,
      [length, offset],
    );
  }

  #missed(row: RawRow): TreeFinding {
    const key = keyOf(this.#tree.table.primaryKey.map((_, at) => row[`p${at}`]!));
    const number = this.#walk.hasNumbers ? { row: Number(row["i0"]) } : {};
    if (Number(row["twin"]) === 1) return { problem: "duplicate", key, ...number };
    return { problem: "entries_differ", key, ...number, expected: 1, actual: 0 };
  }

  async #exceeding(row: RawRow): Promise<TreeFinding> {
    const { table } = this.#tree;
    const name: RowName = this.#walk.hasNumbers
      ? await nameOf(this.#reader, { ...this.#inspection, table }, Number(row["i0"]))
      : { key: keyOf(this.#walk.columns.map((_, at) => row[`i${at}`]!)) };
    return { problem: "entries_differ", ...name, expected: 0, actual: 1 };
  }
}
