import { type Lexeme, lexSql } from "../optimizer/sql-lexemes.ts";

const literals: ReadonlySet<Lexeme["kind"]> = new Set(["string", "number", "blob", "placeholder"]);

/**
 * The text with its literals and placeholders as `?`, a list of them after IN as one, comments
 * left out and spaces as single ones: what statements that differ in values only have in common.
 */
export function normalizeSql(sql: string): string {
  const lexemes = lexSql(sql);
  let text = "";
  let previous: Lexeme | undefined;
  for (let at = 0; at < lexemes.length; at += 1) {
    const lexeme = lexemes[at]!;
    const spaced = previous !== undefined && previous.end < lexeme.start;
    text += `${spaced ? " " : ""}${literals.has(lexeme.kind) ? "?" : lexeme.text}`;
    if (lexeme.kind === "open" && isIn(lexemes[at - 1])) {
      const last = lastOfList(lexemes, at + 1);
      if (last !== undefined) {
        text += "?";
        at = last;
      }
    }
    previous = lexemes[at];
  }
  return text;
}

function isIn(lexeme: Lexeme | undefined): boolean {
  return lexeme?.kind === "word" && lexeme.text.toUpperCase() === "IN";
}

/** Where a list of literals that begins here has its last one; undefined when it is something else. */
function lastOfList(lexemes: readonly Lexeme[], from: number): number | undefined {
  for (let at = from; ; at += 2) {
    const [value, next] = [lexemes[at], lexemes[at + 1]];
    if (value === undefined || next === undefined || !literals.has(value.kind)) return undefined;
    if (next.kind === "close") return at;
    if (next.text !== ",") return undefined;
  }
}
