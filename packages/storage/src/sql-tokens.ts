import { storageError } from "./errors.ts";

/** A piece of SQL text that matters for placeholders. */
export interface SqlToken {
  /** `text` is anything else, quoted text and comments included. */
  readonly kind: "text" | "named" | "positional" | "word";
  readonly text: string;
}

// In the order of SQL's own lexer: what is quoted or commented out hides what
// is inside it. A doubled quote stays inside, because the second one opens a
// new string at once. `::` is PostgreSQL's cast, `?1` and `@x` are refused.
const pattern =
  /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|::|[:@$][A-Za-z_][A-Za-z0-9_]*|\?[0-9]*|[A-Za-z_][A-Za-z0-9_]*|[^]/g;

/**
 * Splits SQL text so that placeholders inside strings, quoted names and
 * comments are left alone.
 *
 * @throws {AtlasError} storage.query_invalid for forms of placeholders that Atlas does not use.
 */
export function tokenizeSql(sql: string): readonly SqlToken[] {
  if (sql.includes("\0")) {
    throw storageError(
      "storage.query_invalid",
      "The SQL text holds a NUL character, after which SQLite would ignore the rest. Remove it.",
    );
  }
  return Array.from(sql.matchAll(pattern), ([text]) => ({ kind: kindOf(text), text }));
}

function kindOf(text: string): SqlToken["kind"] {
  const first = text[0]!;
  if (first === ":" && text.length > 1 && text !== "::") return "named";
  if (text === "?") return "positional";
  if (first === "?" || ((first === "@" || first === "$") && text.length > 1)) {
    throw storageError(
      "storage.query_invalid",
      `The SQL text uses the placeholder ${text}. Write :name instead.`,
      { details: { placeholder: text } },
    );
  }
  return /^[A-Za-z_]/.test(text) ? "word" : "text";
}
