import type { PlanRow } from "./schema-copy.ts";

/** One line of EXPLAIN QUERY PLAN with those below it. */
export interface PlanNode {
  readonly detail: string;
  readonly children: readonly PlanNode[];
}

/** How a line says that a table is read. */
export interface Access {
  readonly kind: "scan" | "search";
  readonly name: string;
  /** Absent for the table itself. */
  readonly index: string | undefined;
  /** The key of the table: its row number, or the tree of a WITHOUT ROWID table. */
  readonly key: "row" | "primary" | undefined;
  /** Everything needed is in the index. */
  readonly covering: boolean;
  /** An index that SQLite makes for this run of the statement. */
  readonly automatic: boolean;
  readonly virtual: boolean;
  /** Only whether there is a row matters. */
  readonly exists: boolean;
  /** Columns compared for equality, {@link expressionTerm} for expressions. */
  readonly equal: readonly string[];
  /** Columns with a lower or upper bound. */
  readonly bounds: readonly string[];
  /** Leading columns of the index of which every value is tried in turn. */
  readonly skipped: number;
  /** SEARCH without a condition: for min() or max(). */
  readonly firstOnly: boolean;
}

/** Stands in {@link Access} for an expression, of which SQLite does not tell the text. */
export const expressionTerm = "#expression";

/** The lines as a tree. */
export function planTree(rows: readonly PlanRow[]): readonly PlanNode[] {
  const childrenOf = (parent: number): readonly PlanNode[] =>
    rows
      .filter((row) => row.parent === parent)
      .map(({ id, detail }) => ({ detail, children: childrenOf(id) }));
  return childrenOf(0);
}

const accessPattern =
  /^(SCAN|SEARCH) (.+?)(?: (EXISTS))?(?: (VIRTUAL TABLE INDEX .*))?(?: USING (AUTOMATIC )?(PARTIAL )?(COVERING )?(INDEX|INTEGER PRIMARY KEY|PRIMARY KEY|ROWID)(?: ([^(]+?))??)?(?: \((.*)\))?(?: (?:LEFT|RIGHT|FULL)-JOIN)?$/;

/** What a line says of reading a table; undefined when it is about something else. */
function accessOf(detail: string): Access | undefined {
  const match = accessPattern.exec(detail);
  if (match === null || /^SCAN (\d+ )?CONSTANT ROW/.test(detail)) return undefined;
  const [, verb, name, exists, virtual, automatic, , covering, what, index, conditions] = match;
  const terms = conditions?.replaceAll("<expr>", expressionTerm).split(" AND ") ?? [];
  const equal = terms.filter((term) => /^[^<>]+=\?$/.test(term));
  const bounds = terms.filter((term) => /[<>](\?$|\()/.test(term));
  // SEARCH alone stands for min() or max() over a table, which only a key makes short.
  const firstOnly = verb === "SEARCH" && conditions === undefined && virtual === undefined;
  return {
    kind: verb === "SCAN" ? "scan" : "search",
    name: name!,
    index: what === "INDEX" ? index : undefined,
    key: keyOf(what),
    covering: covering !== undefined,
    automatic: automatic !== undefined,
    virtual: virtual !== undefined,
    exists: exists !== undefined,
    equal: equal.map((term) => term.slice(0, term.lastIndexOf("="))),
    bounds: bounds.map((term) => term.replace(/[<>][?(].*$/, "")),
    skipped: terms.filter((term) => term.startsWith("ANY(")).length,
    firstOnly,
  };
}

function keyOf(what: string | undefined): Access["key"] {
  if (what === "INTEGER PRIMARY KEY" || what === "ROWID") return "row";
  return what === "PRIMARY KEY" ? "primary" : undefined;
}

/** The tables that a line is about; several for the sides of an OR on one table. */
export function accessesOf(node: PlanNode): readonly Access[] | undefined {
  if (node.detail === "MULTI-INDEX OR") {
    const inner = node.children.flatMap(({ children }) =>
      children.flatMap((each) => accessOf(each.detail) ?? []),
    );
    return inner.length === 0 ? undefined : inner;
  }
  const access = accessOf(node.detail);
  return access === undefined ? undefined : [access];
}

/** What SQLite says of one side of an OR. */
export function accessText(node: PlanNode, index: number): string {
  return node.children[index]?.children[0]?.detail ?? "";
}

/** True for a line that stands for a query of its own. */
export function isContainer(node: PlanNode): boolean {
  return node.children.length > 0 && accessesOf(node) === undefined;
}

/** True for a query that runs again for each row of the one around it. */
export function isCorrelated({ detail }: PlanNode): boolean {
  return detail.startsWith("CORRELATED");
}

/** True for a line that says rows are put aside. */
export function isSort({ detail }: PlanNode): boolean {
  return detail.startsWith("USE TEMP B-TREE");
}

/** True for the parts of a query whose rows add up. */
export function isUnion({ detail }: PlanNode): boolean {
  return /^(COMPOUND QUERY|LEFT-MOST|UNION|EXCEPT|INTERSECT|MERGE|LEFT$|RIGHT$|SETUP|RECURSIVE)/.test(
    detail,
  );
}
