/** Words of a search that are looked at; the rest is ignored. */
const searchWordsMax = 32;

/**
 * Turns what a person typed into an FTS5 expression: every word must occur, a
 * trailing `*` means "begins with". Whatever else was typed is text, never
 * syntax. Without a word the result matches nothing.
 */
export function searchText(input: string): string {
  const words = input
    // SQLite would read a NUL as the end of the expression.
    .split(/[\s\0]+/)
    // What the tokenizer sees as no word at all would match no row.
    .filter((word) => /[\p{L}\p{N}\p{Co}]/u.test(word))
    .slice(0, searchWordsMax);
  // An empty phrase matches nothing; an empty expression is an error.
  return words.length === 0 ? '""' : words.map(quoteWord).join(" AND ");
}

function quoteWord(word: string): string {
  const prefix = word.endsWith("*");
  const text = prefix ? word.slice(0, -1) : word;
  return `"${text.replaceAll('"', '""')}"${prefix ? "*" : ""}`;
}
