import type { ChangeKind } from "./index-declaration.ts";

/** What identifies a row of a maintained table. */
export type RowKey = string | number;

/** A row that was written, as it was and as it is. */
export interface RowChange {
  readonly table: string;
  /** Absent for a row that was created. */
  readonly before?: RowValues;
  /** Absent for a row that was deleted. */
  readonly after?: RowValues;
}

/** Values by column; only columns that declarations name have to be there. */
export type RowValues = Readonly<Record<string, unknown>>;

/** Rows of a maintained column whose value is another now. */
export interface MaintainedChange {
  /** Name of the declaration. */
  readonly index: string;
  readonly table: string;
  readonly column: string;
  readonly keys: readonly RowKey[];
}

/** How a change is called: by which of its two sides are there. */
export function kindOf({ before, after }: RowChange): ChangeKind | undefined {
  if (before === undefined) return after === undefined ? undefined : "created";
  return after === undefined ? "deleted" : "updated";
}
