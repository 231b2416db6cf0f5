import type { RewrittenQuery } from "../../../optimizer/query-optimizer.ts";
import { lexSql } from "../../../optimizer/sql-lexemes.ts";
import { pricePlan } from "../price-plan.ts";
import type { SchemaCopy } from "../schema-copy.ts";
import { readStatement, type StatementText } from "../statement-text.ts";
import { countAsExists } from "./count-as-exists.ts";
import { countOfRequired } from "./count-of-required.ts";
import { minAndMaxApart } from "./min-and-max-apart.ts";
import { orderInList } from "./order-in-list.ts";
import type { Edit, RewriteRule } from "./rewrite-rule.ts";

/** Every rule. What SQLite does by itself is none: see docs/optimizer.md. */
const rewriteRules: readonly RewriteRule[] = [
  countAsExists,
  countOfRequired,
  minAndMaxApart,
  orderInList,
];

/** Rules are applied at most this often to one statement. */
const rewritesMax = 50;

/** Applies each rule where it makes the statement cheaper. */
export function rewriteStatement(copy: SchemaCopy, statement: StatementText): RewrittenQuery {
  const costBefore = pricePlan(copy, statement).total;
  const applied = new Set<string>();
  let current = statement;
  let cost = costBefore;
  for (const rule of rewriteRules) {
    for (let count = 0; count < rewritesMax; count += 1) {
      const edits = rule.apply(current, copy);
      if (edits === undefined) break;
      const next = readStatement(edited(current.sql, edits));
      if (placeholders(next) !== placeholders(current)) break;
      const price = pricePlan(copy, next).total;
      if (price >= cost) break;
      [current, cost] = [next, price];
      applied.add(rule.name);
    }
  }
  return { sql: current.sql, rules: [...applied], costBefore, costAfter: cost };
}

function edited(sql: string, edits: readonly Edit[]): string {
  const backwards = edits.toSorted((a, b) => b.start - a.start);
  return backwards.reduce(
    (text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end),
    sql,
  );
}

function placeholders({ sql }: StatementText): string {
  return lexSql(sql)
    .filter(({ kind }) => kind === "placeholder")
    .map(({ text }) => text)
    .join(" ");
}
