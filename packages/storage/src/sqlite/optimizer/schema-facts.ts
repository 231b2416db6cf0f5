import type { Handle } from "../driver.ts";

/** A column as SQLite keeps it. */
export interface ColumnFacts {
  readonly name: string;
  /** True when no row can hold NULL in it. */
  readonly required: boolean;
}

/** One column of an index; without a name it is an expression. */
export interface IndexColumnFacts {
  readonly name: string | undefined;
  readonly descending: boolean;
  readonly collation: string;
}

/** An index, those behind keys and unique groups included. */
export interface IndexFacts {
  readonly name: string;
  readonly table: string;
  readonly unique: boolean;
  readonly partial: boolean;
  /** Without those that SQLite adds to find the row. */
  readonly columns: readonly IndexColumnFacts[];
  /** The statement that made it; absent for keys and unique groups. */
  readonly sql: string | undefined;
  /** True for the one that is the table itself: a WITHOUT ROWID table. */
  readonly isTable: boolean;
}

/** A reference that the table holds to another one. */
export interface ReferenceFacts {
  readonly columns: readonly string[];
  readonly table: string;
  /** Empty when it refers to the primary key. */
  readonly references: readonly string[];
}

/** A table as SQLite keeps it. */
export interface TableFacts {
  readonly name: string;
  readonly virtual: boolean;
  /** By lower-case name. */
  readonly columns: ReadonlyMap<string, ColumnFacts>;
  /** A name under which rows are numbered, also when no column has it; absent without numbers. */
  readonly rowName: string | undefined;
  /** The column that is the number of the row. */
  readonly rowColumn: string | undefined;
  readonly indexes: readonly IndexFacts[];
  readonly references: readonly ReferenceFacts[];
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

interface IndexRow {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
  readonly partial: number;
}

/** What SQLite says of its tables, by lower-case name, shadow tables of search indexes left out. */
export function readSchemaFacts(handle: Handle): ReadonlyMap<string, TableFacts> {
  const tables = handle
    .prepare<[], { name: string; type: string; wr: number }>(
      "SELECT name, type, wr FROM pragma_table_list " +
        "WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  return new Map(
    tables.map((table) => [table.name.toLowerCase(), readTable(handle, table)] as const),
  );
}

/** The same table with the indexes it has now. */
export function readIndexesAgain(handle: Handle, table: TableFacts): TableFacts {
  const withoutRow = table.rowName === undefined;
  return { ...table, indexes: readIndexes(handle, table.name, withoutRow) };
}

function readTable(
  handle: Handle,
  { name, type, wr }: { readonly name: string; readonly type: string; readonly wr: number },
): TableFacts {
  const list = handle.prepare<[string], ColumnRow>("SELECT * FROM pragma_table_xinfo(?)").all(name);
  const keys = list.filter(({ pk }) => pk > 0);
  const indexes = readIndexes(handle, name, wr === 1);
  const [key] = keys;
  // `INTEGER PRIMARY KEY` alone has no index of its own, unless it was declared DESC.
  const isRow =
    wr === 0 &&
    keys.length === 1 &&
    key!.type.toUpperCase() === "INTEGER" &&
    !readIndexList(handle, name).some(({ origin }) => origin === "pk");
  const columns = list.map((column): [string, ColumnFacts] => {
    const required = column.notnull === 1 || (column.pk > 0 && (wr === 1 || isRow));
    return [column.name.toLowerCase(), { name: column.name, required }];
  });
  const taken = new Set(columns.map(([lower]) => lower));
  return {
    name,
    virtual: type === "virtual",
    columns: new Map(columns),
    rowName: wr === 1 ? undefined : ["rowid", "_rowid_", "oid"].find((each) => !taken.has(each)),
    rowColumn: isRow ? key!.name : undefined,
    indexes,
    references: readReferences(handle, name),
  };
}

function readIndexList(handle: Handle, table: string): readonly IndexRow[] {
  return handle.prepare<[string], IndexRow>("SELECT * FROM pragma_index_list(?)").all(table);
}

function readIndexes(handle: Handle, table: string, withoutRow: boolean): readonly IndexFacts[] {
  return readIndexList(handle, table).map(({ name, unique, origin, partial }) => {
    const columns = handle
      .prepare<[string], { name: string | null; desc: number; coll: string; key: number }>(
        'SELECT name, "desc", coll, "key" FROM pragma_index_xinfo(?) ORDER BY seqno',
      )
      .all(name)
      .filter(({ key }) => key === 1);
    const made = handle
      .prepare<[string], { sql: string | null }>(
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?",
      )
      .get(name);
    return {
      name,
      table,
      unique: unique === 1,
      partial: partial === 1,
      columns: columns.map(({ name: column, desc, coll }) => {
        return { name: column ?? undefined, descending: desc === 1, collation: coll };
      }),
      sql: made?.sql ?? undefined,
      isTable: withoutRow && origin === "pk",
    };
  });
}

function readReferences(handle: Handle, table: string): readonly ReferenceFacts[] {
  const rows = handle
    .prepare<[string], { id: number; table: string; from: string; to: string | null }>(
      'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    )
    .all(table);
  const byId = Map.groupBy(rows, ({ id }) => id);
  return Array.from(byId.values(), (parts) => ({
    columns: parts.map(({ from }) => from),
    table: parts[0]!.table,
    references: parts.flatMap(({ to }) => (to === null ? [] : [to])),
  }));
}
