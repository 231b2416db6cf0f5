/**
 * Takes texts apart with the tokenizer of SQLite itself, in a database in
 * memory, so that a search index can be compared with its table word by word.
 * Nothing else knows what `unicode61` or `trigram` make of a text.
 */
import type {
  SearchedRow,
  SearchEntries,
  SearchIndexDefinition,
  SearchReference,
  SearchWord,
} from "../dialect.ts";
import type { Query } from "../query.ts";
import type { RawRow } from "../sql-value.ts";
import { type Handle, type HandleStatement, loadDriver } from "./driver.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { columnsOf, searchOptions, wordsName } from "./search-index-sql.ts";

const wordColumns = 'term AS word, doc AS "row", col AS "column", offset AS place';

/** Opens a reference; close it. */
export async function openSearchReference(index: SearchIndexDefinition): Promise<SearchReference> {
  const driver = await loadDriver();
  return new Reference(new driver(":memory:"), index);
}

/** The words of a stored index with their places, in order. */
export function searchWords(
  index: SearchIndexDefinition,
): Query<SearchWord, { readonly from: string; readonly limit: number; readonly skip: number }> {
  return Object.freeze({
    sql:
      `SELECT ${wordColumns} FROM ${quoteIdentifier(wordsName(index))} ` +
      "WHERE term >= ? LIMIT ? OFFSET ?",
    params: Object.freeze(
      ["from", "limit", "skip"].map((placeholder) => Object.freeze({ placeholder })),
    ),
    decode: wordOf,
  });
}

/** At how many places words are found by the way that a search takes. */
export function countSearchPlaces(
  index: SearchIndexDefinition,
): Query<number, { readonly words: string }> {
  return Object.freeze({
    sql:
      `SELECT (SELECT count(*) FROM ${quoteIdentifier(wordsName(index))} WHERE term = list.value) ` +
      "AS n FROM json_each(?) AS list ORDER BY list.key",
    params: Object.freeze([{ placeholder: "words" }]),
    decode: (row: RawRow) => Number(row["n"]),
  });
}

/** The lengths that a stored index keeps of a range of rows. */
export function searchSizes(
  index: SearchIndexDefinition,
): Query<RawRow, { readonly after: number; readonly to: number }> {
  return Object.freeze({
    sql:
      `SELECT id AS "row", hex(sz) AS size FROM ${quoteIdentifier(`${index.name}_docsize`)} ` +
      "WHERE id > ? AND id <= ?",
    params: Object.freeze([{ placeholder: "after" }, { placeholder: "to" }]),
  });
}

class Reference implements SearchReference {
  readonly #handle: Handle;
  readonly #insert: HandleStatement;
  readonly #words: HandleStatement;
  readonly #sizes: HandleStatement;
  readonly #clear: HandleStatement;

  constructor(handle: Handle, index: SearchIndexDefinition) {
    const columns = columnsOf(index);
    const parts = [...columns, "content=''", ...searchOptions({ ...index, prefix: [] })];
    handle.exec(
      `CREATE VIRTUAL TABLE beside USING fts5(${parts.join(", ")});
       CREATE VIRTUAL TABLE beside_words USING fts5vocab(beside, 'instance');`,
    );
    const marks = ["rowid", ...columns].map(() => "?").join(", ");
    this.#handle = handle;
    this.#insert = handle.prepare(
      `INSERT INTO beside(rowid, ${columns.join(", ")}) VALUES (${marks})`,
    );
    this.#words = handle.prepare(`SELECT ${wordColumns} FROM beside_words`);
    this.#sizes = handle.prepare('SELECT id AS "row", hex(sz) AS size FROM beside_docsize');
    this.#clear = handle.prepare("INSERT INTO beside(beside) VALUES ('delete-all')");
  }

  entriesOf(rows: readonly SearchedRow[]): SearchEntries {
    this.#handle.exec("BEGIN");
    try {
      for (const { row, texts } of rows) this.#insert.run(row, ...texts);
      return {
        words: this.#words.all().map(wordOf),
        sizes: new Map(
          this.#sizes.all().map((size) => [Number(size["row"]), String(size["size"])]),
        ),
      };
    } finally {
      this.#clear.run();
      this.#handle.exec("COMMIT");
    }
  }

  [Symbol.dispose](): void {
    this.#handle.close();
  }
}

function wordOf(row: RawRow): SearchWord {
  return {
    word: String(row["word"]),
    row: Number(row["row"]),
    column: String(row["column"]),
    place: Number(row["place"]),
  };
}
