import type { ColumnResolver, NamedTable } from "./column-resolver.ts";
import { familyOf } from "./operand-sql.ts";
import type { JoinKind } from "./query-builder.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { JoinState, SelectState } from "./select-state.ts";
import type { Statement } from "./statement.ts";

const joinWords: Readonly<Record<JoinKind, string>> = {
  inner: "INNER JOIN",
  left: "LEFT JOIN",
  right: "RIGHT JOIN",
};

/** The text after FROM. */
export function fromSql(state: SelectState, columns: ColumnResolver, statement: Statement): string {
  for (const { name, query } of state.tables) {
    if (query === undefined) statement.useTable(name);
  }
  statement.useConditions(state.joins.flatMap(({ on }) => on).length);
  const joins = state.joins.map((join) => joinSql(join, columns));
  return [tableSql(state.tables[0]!), ...joins].join("");
}

/** The aliases of tables that a join may leave without a row. */
export function optionalTables({ tables, joins }: SelectState): ReadonlySet<string> {
  const optional = new Set<string>();
  for (const [at, { kind, table }] of joins.entries()) {
    if (kind === "left") optional.add(table.alias);
    // The first table and those joined before.
    if (kind === "right") for (const { alias } of tables.slice(0, at + 1)) optional.add(alias);
  }
  return optional;
}

function tableSql({ alias, name }: NamedTable): string {
  return alias === name ? `"${name}"` : `"${name}" AS "${alias}"`;
}

function joinSql(join: JoinState, columns: ColumnResolver): string {
  if (!Object.hasOwn(joinWords, join.kind)) {
    throw queryInvalid("join", `there is no kind ${shown(join.kind)}`);
  }
  if (join.on.length === 0) throw queryInvalid("join", "no columns are matched");
  const pairs = join.on.map(([left, right]) => {
    const [a, b] = [columns.resolve(left, "join"), columns.resolve(right, "join")];
    if (familyOf(a.column.type) !== familyOf(b.column.type) || a.column.type === "json") {
      throw queryInvalid("join", `${shown(left)} and ${shown(right)} are of different types`);
    }
    return `${a.sql} = ${b.sql}`;
  });
  return ` ${joinWords[join.kind]} ${tableSql(join.table)} ON ${pairs.join(" AND ")}`;
}
