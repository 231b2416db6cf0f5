/**
 * Finds out whether a query reads only rows in which one column equals one of
 * its parameters, from the program SQLite has compiled it to.
 *
 * Everything that is read must come through one search, and every instruction
 * must be one whose effect is known here. What is not understood is no lookup:
 * the answer to such a query is then dropped with every change of its tables,
 * which is never wrong.
 */
import type { RowLookup } from "../../change-feed.ts";
import type { Handle } from "../driver.ts";
import { explain, type Instruction } from "../table-access.ts";

/** Instructions that touch registers, sorters and the flow only, or read where a cursor stands. */
const harmless: ReadonlySet<string> = new Set(
  (
    "Init Transaction Goto Halt Variable Null Integer Int64 Real String8 Blob Copy SCopy Move " +
    "IsNull NotNull If IfNot Affinity MustBeInt OffsetLimit IfPos DecrJumpZero Sequence " +
    "IfNotZero Eq Ne Lt Le Gt Ge And Or Not Add Subtract Multiply Divide Concat Cast Function " +
    "PureFunc Column Rowid IdxRowid DeferredSeek FinishSeek Next Prev ResultRow MakeRecord " +
    "AggStep AggFinal SorterOpen SorterInsert SorterSort SorterData SorterNext OpenPseudo " +
    "OpenEphemeral RealAffinity Noop AddImm"
  ).split(" "),
);

/** Instructions that keep the first rows of an order, when they are not on a table. */
const sorting: ReadonlySet<string> = new Set("Last IdxLE Delete IdxInsert Sort".split(" "));

/** Instructions that load values, each into the register of its second operand, or look at them. */
const loading: ReadonlySet<string> = new Set(
  "Variable IsNull Affinity Integer Int64 String8 Null".split(" "),
);

/** Those of them that leave registers as they are, or as the column keeps their value. */
const looking: ReadonlySet<string> = new Set(["IsNull", "Affinity"]);

/** The other end of each search through an index, which must be bounded by the same value. */
const ends: Readonly<Record<string, readonly string[]>> = {
  SeekGE: ["IdxGT", "IdxGE"],
  SeekGT: ["IdxGT", "IdxGE"],
  SeekLE: ["IdxLT", "IdxLE"],
  SeekLT: ["IdxLT", "IdxLE"],
};

/** A root page: the table it belongs to and, for an index, its name. */
interface Root {
  readonly table: string;
  readonly index: string | undefined;
}

/** How a query finds its rows; undefined when that is not by one value of one column. */
export function rowLookup(handle: Handle, sql: string): RowLookup | undefined {
  // First, because it runs: only then does SQLite notice that others have changed the schema.
  const roots = rootsOf(handle);
  const program = explain(handle, sql);
  if (program === undefined) return undefined;
  const cursors = openedCursors(roots, program);
  const [table, another] = new Set([...(cursors?.values() ?? [])].map((root) => root.table));
  if (cursors === undefined || table === undefined || another !== undefined) return undefined;
  const searched = onlySearch(program, cursors);
  if (searched === undefined) return undefined;
  const { root, parameter } = searched;
  const column = columnOf(handle, root);
  return column === undefined ? undefined : { table, ...column, parameter };
}

function openedCursors(
  roots: ReadonlyMap<number, Root>,
  program: readonly Instruction[],
): ReadonlyMap<number, Root> | undefined {
  const opened = program.filter(({ opcode }) => opcode === "OpenRead");
  const cursors = new Map<number, Root>();
  for (const { p1, p2, p3 } of opened) {
    const root = p3 === 0 ? roots.get(p2) : undefined;
    if (root === undefined) return undefined;
    cursors.set(p1, root);
  }
  return cursors;
}

function onlySearch(
  program: readonly Instruction[],
  cursors: ReadonlyMap<number, Root>,
): { readonly root: Root; readonly parameter: number } | undefined {
  const rest = program.filter(({ opcode, p1 }) => {
    if (harmless.has(opcode) || opcode === "OpenRead") return false;
    return cursors.has(p1) || !sorting.has(opcode);
  });
  const [search, end, ...others] = rest;
  const root = search === undefined ? undefined : cursors.get(search.p1);
  if (search === undefined || root === undefined || others.length > 0) return undefined;
  if (search.opcode === "SeekRowid") {
    if (end !== undefined || root.index !== undefined) return undefined;
  } else if (end === undefined || !boundBySame(program, search, end)) return undefined;
  const parameter = parameterIn(program, search);
  return parameter === undefined ? undefined : { root, parameter };
}

/** Whether a search ends where the first column is no longer what was searched for. */
function boundBySame(
  program: readonly Instruction[],
  search: Instruction,
  end: Instruction,
): boolean {
  if (ends[search.opcode]?.includes(end.opcode) !== true) return false;
  if (end.p1 !== search.p1 || end.p3 !== search.p3) return false;
  if (!(Number(search.p4) >= 1 && Number(end.p4) >= 1)) return false;
  // Both ends of a range share a register: it is loaded anew in between.
  const between = program.slice(program.indexOf(search) + 1, program.indexOf(end));
  return between.every((one) => loading.has(one.opcode) && !loads(one, search.p3));
}

/** The parameter whose value is in the register that is searched for, as it was given. */
function parameterIn(program: readonly Instruction[], search: Instruction): number | undefined {
  for (let at = program.indexOf(search) - 1; at >= 0; at -= 1) {
    const one = program[at]!;
    if (one.opcode === "Variable" && one.p2 === search.p3) return one.p1 - 1;
    if (!loading.has(one.opcode) || loads(one, search.p3)) return undefined;
  }
  return undefined;
}

function loads({ opcode, p2, p3 }: Instruction, register: number): boolean {
  if (looking.has(opcode)) return false;
  // Null may fill several registers, up to that of its third operand.
  return p2 === register || (opcode === "Null" && p2 < register && register <= p3);
}

/** The column that is compared, if its values have one form for each value that equals them. */
function columnOf(handle: Handle, root: Root): Pick<RowLookup, "column" | "type"> | undefined {
  const { strict, wr } = handle
    .prepare<[string], { strict: number; wr: number }>(
      "select strict, wr from pragma_table_list(?) where schema = 'main'",
    )
    .get(root.table) ?? { strict: 0, wr: 0 };
  if (strict !== 1) return undefined;
  const columns = handle
    .prepare<[string], { name: string; type: string; pk: number }>(
      "select name, type, pk from pragma_table_xinfo(?)",
    )
    .all(root.table);
  const name = root.index === undefined && wr === 0 ? rowNumber(columns) : firstOf(handle, root);
  const type = columns.find((column) => column.name === name)?.type.toUpperCase();
  if (name === undefined || type === undefined) return undefined;
  if (type === "INTEGER" || type === "INT") return { column: name, type: "integer" };
  return type === "TEXT" ? { column: name, type: "text" } : undefined;
}

function rowNumber(
  columns: readonly { readonly name: string; readonly type: string; readonly pk: number }[],
): string | undefined {
  const keys = columns.filter(({ pk }) => pk > 0);
  return keys.length === 1 && keys[0]?.type.toUpperCase() === "INTEGER" ? keys[0].name : undefined;
}

/** The first column of an index, or of the key of a table that is its own index. */
function firstOf(handle: Handle, { table, index }: Root): string | undefined {
  const name =
    index ??
    handle
      .prepare<[string], { name: string }>(
        "select name from pragma_index_list(?) where origin = 'pk'",
      )
      .get(table)?.name;
  if (name === undefined) return undefined;
  return (
    handle
      .prepare<[string], { name: string | null }>(
        "select name from pragma_index_xinfo(?) where seqno = 0 and coll = 'BINARY'",
      )
      .get(name)?.name ?? undefined
  );
}

function rootsOf(handle: Handle): ReadonlyMap<number, Root> {
  const rows = handle
    .prepare<[], { root: number; type: string; name: string; tableName: string }>(
      "select rootpage as root, type, name, tbl_name as tableName from sqlite_schema " +
        "where rootpage > 0",
    )
    .all();
  return new Map(
    rows.map(({ root, type, name, tableName }) => [
      root,
      { table: tableName, index: type === "index" ? name : undefined },
    ]),
  );
}
