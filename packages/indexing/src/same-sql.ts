/** True for two texts of one definition: a database may write keywords and blanks its own way. */
export function samePart(existing: string | undefined, wanted: string): boolean {
  return existing !== undefined && plain(existing) === plain(wanted);
}

function plain(sql: string): string {
  return sql.replace(/\s+/g, " ").trim().toLowerCase();
}
