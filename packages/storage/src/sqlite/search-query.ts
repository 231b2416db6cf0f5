import { storageError } from "../errors.ts";
import type { SearchDisplay, SearchIndexDefinition, SearchParts } from "../dialect.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { quoteText } from "./quote-text.ts";

/** Longest mark or ellipsis of a snippet, in characters. */
const markLengthMax = 64;

/** The condition "this row matches", with one `?` for the search text. */
export function searchCondition(index: SearchIndexDefinition, key: string): string {
  const [search, table, column] = [index.name, index.table, key].map(quoteIdentifier);
  return (
    `${column} IN (SELECT found.${column} FROM ${table} AS found ` +
    `JOIN ${search} ON ${search}.rowid = found.rowid WHERE ${search} MATCH ?)`
  );
}

/**
 * The parts of a query whose rows come best first. Ordered by `rank` FTS5 sorts
 * row numbers only and cuts snippets for the rows that are read, so the join
 * must begin with the search index, as SQLite plans it.
 *
 * @throws {AtlasError} storage.query_invalid
 */
export function rankedSearch(
  index: SearchIndexDefinition,
  display: SearchDisplay = {},
): SearchParts {
  const [search, table] = [index.name, index.table].map(quoteIdentifier);
  const columns = Object.keys(index.columns);
  const { weights, column, before = "[", after = "]", ellipsis = "…", words = 16 } = display;
  for (const name of [...Object.keys(weights ?? {}), ...(column === undefined ? [] : [column])]) {
    if (!columns.includes(name)) throw invalid(index, `it has no column "${name}"`);
  }
  if (!Number.isInteger(words) || words < 1 || words > 64) {
    throw invalid(index, "a snippet has 1 to 64 words");
  }
  if ([before, after, ellipsis].some(({ length }) => length > markLengthMax)) {
    throw invalid(index, `a mark is longer than ${markLengthMax} characters`);
  }
  const place = column === undefined ? -1 : columns.indexOf(column);
  const marks = [before, after, ellipsis].map(quoteText).join(", ");
  return {
    join: `JOIN ${search} ON ${search}.rowid = ${table}.rowid`,
    condition: `${search} MATCH ?`,
    order: weights === undefined ? `${search}.rank` : rankOf(index, weights),
    snippet: `snippet(${search}, ${place}, ${marks}, ${words})`,
  };
}

function rankOf(index: SearchIndexDefinition, weights: Readonly<Record<string, number>>): string {
  const list = Object.keys(index.columns).map((column) => {
    const weight = weights[column] ?? 0;
    if (weight >= 0 && weight <= 1_000) return weight.toFixed(3);
    throw invalid(index, `the weight of column ${column} is not a number from 0 to 1,000`);
  });
  return `bm25(${[quoteIdentifier(index.name), ...list].join(", ")})`;
}

function invalid(index: SearchIndexDefinition, reason: string): Error {
  return storageError(
    "storage.query_invalid",
    `The search in ${index.name} cannot be shown as asked: ${reason}. Correct the options.`,
    { details: { index: index.name, reason } },
  );
}
