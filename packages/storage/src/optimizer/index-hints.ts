import { lexSql } from "./sql-lexemes.ts";
import { isWord } from "./sql-tree.ts";

/** The text without `INDEXED BY name`; the text itself when there is none. */
export function withoutIndexHints(sql: string): string {
  const lexemes = lexSql(sql);
  let text = "";
  let from = 0;
  for (const [at, lexeme] of lexemes.entries()) {
    const [by, name] = [lexemes[at + 1], lexemes[at + 2]];
    if (!isWord(lexeme, "INDEXED") || !isWord(by, "BY") || name === undefined) continue;
    text += sql.slice(from, lexeme.start);
    from = name.end;
  }
  return text + sql.slice(from);
}
