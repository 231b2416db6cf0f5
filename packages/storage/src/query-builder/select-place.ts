import type { NamedTable } from "./column-resolver.ts";
import type { Selected } from "./selection-sql.ts";
import type { SqlPart } from "./sql-part.ts";
import type { Statement } from "./statement.ts";
import type { WithState } from "./with-state.ts";

/** Where a query stands. */
export interface SelectPlace {
  readonly statement: Statement;
  /** Tables of the queries it stands in. */
  readonly outer: readonly NamedTable[];
  /** What this query, as the step of a recursion, reads of itself. */
  readonly self: WithState | undefined;
}

/** A compiled query with what its columns are. */
export interface SelectSql extends SqlPart {
  readonly selected: readonly Selected[];
}
