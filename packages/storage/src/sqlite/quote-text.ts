/** A text as an SQL literal; without NUL, at which SQLite would end the statement. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("\0", "").replaceAll("'", "''")}'`;
}
