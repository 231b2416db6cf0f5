/**
 * Compares a search index with its table, word by word, on one snapshot and in
 * slices. Texts are taken apart by the tokenizer of the database itself, beside
 * the store, and each row's words are compared as a digest of all its words
 * and places.
 */
import type { Dialect, RawRow, Reader, TableDefinition } from "@atlas/storage";
import type { SearchIndexDeclaration } from "./index-declaration.ts";
import type { IndexFinding } from "./index-report.ts";
import type { Pace } from "./pace.ts";
import { nameOf, type RowName } from "./row-names.ts";
import { rawQuery } from "./row-walk.ts";
import { samePart } from "./same-sql.ts";
import { WordDigests } from "./word-digests.ts";

/** A larger table has the words of its index read once for each so many rows. */
const rowsPerPassDefault = 500_000;

/**
 * Words with their places that are read at once. Not fewer when that takes long: a slice in the
 * middle of a frequent word has to pass all its places before, and smaller ones pass them more often.
 */
const wordsPerSlice = 8_192;

/** Words that are looked up at once, at about 0.1 ms each. */
const lookUpsPerSlice = 128;

const numberMin = Number.MIN_SAFE_INTEGER;
const numberMax = Number.MAX_SAFE_INTEGER;

/** What verifying a search index needs. */
export interface SearchInspection {
  readonly dialect: Dialect;
  readonly table: TableDefinition;
  readonly pace: Pace;
  readonly limit: number;
  /** Rows whose digests are in memory at once. Default: 500,000. */
  readonly rowsPerPass?: number;
}

type SearchReference = Awaited<ReturnType<Dialect["openSearchReference"]>>;
type SearchFinding = Pick<IndexFinding, "problem" | "expected" | "actual" | "part"> & RowName;

/** What of the index is missing or made otherwise; nothing when it does not exist at all. */
export async function compareParts(
  reader: Reader,
  declaration: SearchIndexDeclaration,
  { dialect, table }: Pick<SearchInspection, "dialect" | "table">,
): Promise<readonly SearchFinding[]> {
  const existing = await existingParts(reader, declaration, dialect);
  return dialect
    .searchIndexParts(declaration, table)
    .filter(({ name, sql }) => !samePart(existing.get(name), sql))
    .map(({ name }) => ({ problem: "upkeep_differs", part: name }));
}

/** The parts of a search index that exist, by name; empty when it does not. */
export async function existingParts(
  reader: Reader,
  declaration: SearchIndexDeclaration,
  dialect: Dialect,
): Promise<ReadonlyMap<string, string>> {
  const [schema, ...others] = dialect.listSearchIndexParts(declaration);
  const rows = await reader.all(schema!);
  if (rows.some(({ name }) => name === declaration.name)) {
    for (const query of others) rows.push(...(await reader.all(query)));
  }
  return new Map(rows.map((row) => [String(row["name"]), String(row["sql"])]));
}

/** Rows whose words are not what the index says, up to `limit`. */
export async function compareWords(
  reader: Reader,
  declaration: SearchIndexDeclaration,
  inspection: SearchInspection,
): Promise<readonly SearchFinding[]> {
  using reference = await inspection.dialect.openSearchReference(declaration);
  const comparison = new WordComparison(reader, declaration, { ...inspection, reference });
  const findings: SearchFinding[] = [];
  for (let after = numberMin; after < numberMax && findings.length < inspection.limit;) {
    const pass = await comparison.passFrom(after);
    if (!pass.findable) return [...findings, { problem: "entries_differ" }];
    for (const row of pass.rows.slice(0, inspection.limit - findings.length)) {
      findings.push(await comparison.findingOf(row));
    }
    after = pass.to;
  }
  return findings;
}

interface Pass {
  /** Rows that differ. */
  readonly rows: readonly number[];
  /** False when words are not found where the index says they are: rows say nothing then. */
  readonly findable: boolean;
  readonly to: number;
}

class WordComparison {
  readonly #reader: Reader;
  readonly #declaration: SearchIndexDeclaration;
  readonly #inspection: SearchInspection & { readonly reference: SearchReference };
  readonly #digests = new WordDigests();
  /** Rows of this pass whose length in the index is not that of their texts. */
  #sizes = new Map<number, "missing" | "differs" | "extra">();

  constructor(
    reader: Reader,
    declaration: SearchIndexDeclaration,
    inspection: SearchInspection & { readonly reference: SearchReference },
  ) {
    this.#reader = reader;
    this.#declaration = declaration;
    this.#inspection = inspection;
  }

  async passFrom(after: number): Promise<Pass> {
    this.#digests.clear();
    this.#sizes = new Map();
    const to = await this.#readTable(after);
    const findable = await this.#readIndex(after, to);
    const rows = new Set([...this.#digests.differing(), ...this.#sizes.keys()]);
    return { rows: [...rows].toSorted((a, b) => a - b), to, findable };
  }

  async findingOf(row: number): Promise<SearchFinding> {
    const name = await nameOf(this.#reader, this.#inspection, row);
    if (name.key === undefined)
      return { problem: "entries_differ", ...name, expected: 0, actual: 1 };
    const counts = this.#sizes.get(row) === "missing" ? { expected: 1, actual: 0 } : {};
    return { problem: "entries_differ", ...name, ...counts };
  }

  /** Takes away what the table says; answers where the pass ends. */
  async #readTable(first: number): Promise<number> {
    const { dialect, pace, reference, table } = this.#inspection;
    const { rowsPerPass = rowsPerPassDefault } = this.#inspection;
    const columns = Object.keys(this.#declaration.columns);
    const names = columns.map((column, at) => `${dialect.quoteIdentifier(column)} AS c${at}`);
    const sql =
      `SELECT rowid AS "row", ${names.join(", ")} FROM ${dialect.pastIndexes(table)} ` +
      "WHERE rowid > ? ORDER BY rowid LIMIT ?";
    let [after, count] = [first, 0];
    while (count < rowsPerPass) {
      const length = Math.min(pace.length, rowsPerPass - count);
      const rows = await this.#reader.all(rawQuery(sql, [after, length]));
      const searched = rows.map((row) => ({
        row: Number(row["row"]),
        texts: columns.map((_, at) => (row[`c${at}`] ?? null) as string | null),
      }));
      const to = rows.length < length ? numberMax : searched.at(-1)!.row;
      const { words, sizes } = reference.entriesOf(searched);
      for (const word of words) this.#digests.add(word, -1);
      await this.#compareSizes({ after, to }, sizes);
      count += rows.length;
      after = to;
      await pace.next(rows.length);
      if (to === numberMax) break;
    }
    return after;
  }

  async #compareSizes(
    range: { readonly after: number; readonly to: number },
    expected: ReadonlyMap<number, string>,
  ): Promise<void> {
    const query = this.#inspection.dialect.searchSizes(this.#declaration);
    const stored = new Map(
      (await this.#reader.all(query, range)).map((size: RawRow) => [
        Number(size["row"]),
        String(size["size"]),
      ]),
    );
    for (const [row, size] of expected) {
      const found = stored.get(row);
      if (found === undefined) this.#sizes.set(row, "missing");
      else if (found !== size) this.#sizes.set(row, "differs");
      stored.delete(row);
    }
    for (const row of stored.keys()) this.#sizes.set(row, "extra");
  }

  /**
   * Adds what the index says about the rows of the pass. Each word is also
   * looked up by itself, as a search does: a page that the directory of the
   * index has lost is met on the way through all words all the same.
   */
  async #readIndex(after: number, to: number): Promise<boolean> {
    const { dialect, pace } = this.#inspection;
    const query = dialect.searchWords(this.#declaration);
    let [last, places] = ["", 0];
    for (;;) {
      const limit = wordsPerSlice;
      const words = await this.#reader.all(query, { from: last, limit, skip: places });
      const whole = new Map<string, number>();
      for (const word of words) {
        if (word.row > after && word.row <= to) this.#digests.add(word, 1);
        if (word.word !== last) {
          if (isBefore(word.word, last)) return false;
          if (places > 0) whole.set(last, places);
          [last, places] = [word.word, 0];
        }
        places += 1;
      }
      if (words.length < limit && places > 0) whole.set(last, places);
      await pace.next(words.length);
      // Every pass reads all words: one of them looks them up.
      if (after === numberMin && !(await this.#areFound(whole))) return false;
      if (words.length < limit) return true;
    }
  }

  async #areFound(expected: ReadonlyMap<string, number>): Promise<boolean> {
    const query = this.#inspection.dialect.countSearchPlaces(this.#declaration);
    const entries = [...expected];
    for (let at = 0; at < entries.length; at += lookUpsPerSlice) {
      const slice = entries.slice(at, at + lookUpsPerSlice);
      const words = JSON.stringify(slice.map(([word]) => word));
      const found = await this.#reader.all(query, { words });
      if (slice.some(([, places], place) => found[place] !== places)) return false;
      await this.#inspection.pace.next(0);
    }
    return true;
  }
}

/** In the order of the index, which is that of bytes. */
function isBefore(word: string, last: string): boolean {
  return Buffer.compare(Buffer.from(word), Buffer.from(last)) < 0;
}
