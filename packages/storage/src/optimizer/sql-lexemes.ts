import { tokenizeSql } from "../sql-tokens.ts";

/** A piece of SQL text with a meaning of its own; spaces and comments are none. */
export interface Lexeme {
  /** `name` is a quoted one, `word` any other, keywords included. */
  readonly kind:
    | "word"
    | "name"
    | "string"
    | "number"
    | "blob"
    | "placeholder"
    | "operator"
    | "open"
    | "close";
  readonly text: string;
  /** Where it begins in the text, and the first character after it. */
  readonly start: number;
  readonly end: number;
}

const numberPattern =
  /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const operatorPattern = /->>|->|\|\||<=|>=|<>|!=|==|<<|>>|::|[^]/y;
const quotedPattern = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y;
const blobPattern = /[xX]'[0-9a-fA-F]*'/y;

/**
 * Splits SQL text into lexemes, in order.
 *
 * @throws {AtlasError} storage.query_invalid for forms of placeholders that Atlas does not use.
 */
export function lexSql(sql: string): readonly Lexeme[] {
  const lexemes: Lexeme[] = [];
  let offset = 0;
  let taken = 0;
  for (const { kind, text } of tokenizeSql(sql)) {
    const start = offset;
    offset += text.length;
    // Numbers and operators are several tokens: those inside one that was taken are passed over.
    if (start < taken || /^(\s|--|\/\*)/.test(text)) continue;
    const lexeme = lexemeAt(sql, start, { kind, text });
    lexemes.push(lexeme);
    taken = lexeme.end;
  }
  return lexemes;
}

function lexemeAt(
  sql: string,
  start: number,
  token: ReturnType<typeof tokenizeSql>[number],
): Lexeme {
  const of = (kind: Lexeme["kind"], text: string): Lexeme => {
    return { kind, text, start, end: start + text.length };
  };
  if (token.kind === "named" || token.kind === "positional") return of("placeholder", token.text);
  if (token.kind === "word") {
    const blob = matchAt(blobPattern, sql, start);
    return blob === undefined ? of("word", token.text) : of("blob", blob);
  }
  if (token.text === "(") return of("open", "(");
  if (token.text === ")") return of("close", ")");
  const quoted = matchAt(quotedPattern, sql, start);
  if (quoted !== undefined) return of(quoted.startsWith("'") ? "string" : "name", quoted);
  const number = matchAt(numberPattern, sql, start);
  if (number !== undefined) return of("number", number);
  return of("operator", matchAt(operatorPattern, sql, start) ?? token.text);
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}
