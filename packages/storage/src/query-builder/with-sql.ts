import { familyOf } from "./operand-sql.ts";
import { queryInvalid } from "./query-invalid.ts";
import type { SelectSql } from "./select-place.ts";
import type { SelectState } from "./select-state.ts";
import { joinParts, type SqlPart } from "./sql-part.ts";
import type { Recursion, WithState } from "./with-state.ts";

/** Compiles a query of its own within a statement. */
export type CompileBody = (state: SelectState, self?: WithState) => SelectSql;

/** Compiles a query that a statement reads like a table. */
export function commonTableSql(query: WithState, compile: CompileBody): SqlPart {
  const names = Object.keys(query.columns).map((name) => `"${name}"`);
  const body = bodySql(query, compile);
  return { ...body, sql: `"${query.name}" (${names.join(", ")}) AS (${body.sql})` };
}

function bodySql({ start, recursion }: WithState, compile: CompileBody): SqlPart {
  // What a recursion reads of itself is refused before it gets here.
  const first = compile(start!);
  if (recursion === undefined) return first;
  refuseOrder(start!, "start");
  refuseOrder(recursion.step, "step");
  refuseOtherReading(recursion);
  const next = compile(recursion.step, recursion.self);
  refuseOtherColumns(first, next);
  // UNION, not UNION ALL: what was found before is not followed again, so circles end.
  return joinParts([first, next], " UNION ");
}

function refuseOtherReading({ self, step }: Recursion): void {
  const times = step.tables.filter(({ query }) => query === self).length;
  if (times !== 1 || step.joins.some(({ kind }) => kind !== "inner")) {
    throw queryInvalid(
      "with",
      "the step does not read the rows found last exactly once, with inner joins only",
    );
  }
}

function refuseOtherColumns(first: SelectSql, next: SelectSql): void {
  const isSame = first.selected.every(({ name, column }, at) => {
    const other = next.selected[at];
    const mayBeNull = other?.column.nullable === true && column.nullable !== true;
    return (
      other?.name === name && familyOf(other.column.type) === familyOf(column.type) && !mayBeNull
    );
  });
  if (!isSame || next.selected.length !== first.selected.length) {
    throw queryInvalid("with", "the step does not select the same columns in the same order");
  }
  if (next.selected.some(({ plain }) => plain === undefined)) {
    throw queryInvalid("with", "the step groups rows");
  }
}

function refuseOrder({ orderBy, limit, groupBy, distinct }: SelectState, which: string): void {
  if (orderBy.length > 0 || limit !== undefined) {
    throw queryInvalid("with", `the ${which} of a recursion is sorted or limited`);
  }
  if (which === "step" && (groupBy.length > 0 || distinct)) {
    throw queryInvalid("with", "the step groups rows");
  }
}
