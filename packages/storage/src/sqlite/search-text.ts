import type { SearchIndexDefinition, SearchTextOptions } from "../dialect.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

/** Words and phrases of a search that are looked at; the rest is ignored. */
const searchWordsMax = 32;

/** The shortest text that an index for substrings can look up. */
const substringLengthMin = 3;

/**
 * Turns what a person typed into an FTS5 expression: every word must occur,
 * words in quotation marks one after the other, a trailing `*` means "begins
 * with". Whatever else was typed is text, never syntax; a quotation mark
 * without a second one is nothing. Without a word the result matches nothing.
 */
export function searchText(
  input: string,
  index?: SearchIndexDefinition,
  { columns, match = "all" }: SearchTextOptions = {},
): string {
  const phrases = [...phrasesIn(input)]
    .filter(({ text }) => isSearchable(text, index))
    .slice(0, searchWordsMax)
    .map((phrase) => quotePhrase(phrase, index));
  // An empty phrase matches nothing; an empty expression is an error.
  if (phrases.length === 0) return '""';
  const expression = phrases.join(match === "any" ? " OR " : " AND ");
  if (columns === undefined) return expression;
  return columns.length === 0
    ? '""'
    : `{${columns.map(quoteIdentifier).join(" ")}} : (${expression})`;
}

interface Phrase {
  readonly text: string;
  /** True when it may go on. */
  readonly open: boolean;
}

function* phrasesIn(input: string): Generator<Phrase> {
  // SQLite would read a NUL as the end of the expression.
  for (const [, quoted, star, word] of input
    .replaceAll("\0", " ")
    .matchAll(/"([^"]*)"(\*?)|([^\s"]+)/gu)) {
    if (quoted !== undefined) yield { text: quoted, open: star === "*" };
    else yield { text: word!.replace(/\*+$/, ""), open: word!.endsWith("*") };
  }
}

function isSearchable(text: string, index: SearchIndexDefinition | undefined): boolean {
  if (index?.substring === true) return [...text].length >= substringLengthMin;
  // What the tokenizer sees as no word at all would match no row.
  return /[\p{L}\p{N}\p{Co}]/u.test(text);
}

function quotePhrase({ text, open }: Phrase, index: SearchIndexDefinition | undefined): string {
  // Any place is a beginning to an index for substrings.
  const star = open && index?.substring !== true ? "*" : "";
  return `"${text.replaceAll('"', '""')}"${star}`;
}
