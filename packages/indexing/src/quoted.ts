/** A name of a declared table or column in an expression; such names hold no quotation marks. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
