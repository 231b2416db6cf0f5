/** Which promise of the schema a statement would have broken. */
export interface Constraint {
  readonly kind: "unique" | "foreign_key" | "not_null" | "check" | "type" | "other";
  /** Absent where SQLite does not name it. */
  readonly table?: string;
  /** Absent where SQLite does not name them. */
  readonly columns?: readonly string[];
}

// A second row with the same primary key is one more duplicate: the other
// database systems do not tell the two apart either.
const kinds: Readonly<Record<string, Constraint["kind"]>> = {
  SQLITE_CONSTRAINT_UNIQUE: "unique",
  SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
  SQLITE_CONSTRAINT_ROWID: "unique",
  SQLITE_CONSTRAINT_FOREIGNKEY: "foreign_key",
  SQLITE_CONSTRAINT_NOTNULL: "not_null",
  SQLITE_CONSTRAINT_CHECK: "check",
  SQLITE_CONSTRAINT_DATATYPE: "type",
};

/** Reads what a constraint error says about schema, never about values. */
export function constraintOf(cause: Error): Constraint {
  const code = "code" in cause ? String(cause.code) : "";
  const kind = kinds[code] ?? "other";
  // The result code has no field for the columns; SQLite documents no other
  // place for them than the end of its message, as table.column, ….
  const named = /: (?:index '(?<index>\w+)'|(?<list>\w+\.\w+(?:, \w+\.\w+)*))$/.exec(cause.message);
  const typed = / column (?<list>\w+\.\w+)$/.exec(cause.message);
  const list = (named ?? typed)?.groups?.["list"]?.split(", ");
  if (list === undefined) return { kind };
  return {
    kind,
    table: list[0]!.slice(0, list[0]!.indexOf(".")),
    columns: list.map((name) => name.slice(name.indexOf(".") + 1)),
  };
}

/** Says in one sentence what to change. */
export function describeConstraint({ kind, table, columns }: Constraint): string {
  const where = table === undefined ? "" : ` of ${table} (${columns?.join(", ") ?? ""})`;
  switch (kind) {
    case "unique":
      return `A row with the same key${where} exists already. Change that row, or use other values.`;
    case "foreign_key":
      return "A row refers to one that does not exist, or is still referred to. Write the other row first.";
    case "not_null":
      return `A required value${where} is missing. Give one.`;
    case "check":
      return "A value breaks a condition of its table. Change the value.";
    case "type":
      return `A value${where} is not of the column's type. Give one that is.`;
    case "other":
      return "A row breaks a constraint of its table. Change the row.";
  }
}
