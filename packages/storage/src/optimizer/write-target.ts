import { isOperator, isWord, nameOf, splitList, type SqlNodes } from "./sql-tree.ts";

/** What a statement changes. */
export interface WriteTarget {
  readonly verb: "insert" | "update" | "delete";
  /** In lower case. */
  readonly table: string;
  /** Columns that an update assigns, in lower case. */
  readonly assigned: readonly string[];
}

/** What a statement changes; undefined when it only reads. */
export function writeTargetOf(nodes: SqlNodes): WriteTarget | undefined {
  const at = nodes.findIndex((node) =>
    isWord(node, "INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT"),
  );
  const verb = nodes[at];
  if (verb === undefined || isWord(verb, "SELECT")) return undefined;
  let from = isWord(nodes[at + 1], "OR") ? at + 3 : at + 1;
  if (isWord(nodes[from], "INTO", "FROM")) from += 1;
  if (isOperator(nodes[from + 1], ".")) from += 2;
  const table = nameOf(nodes[from])?.toLowerCase();
  if (table === undefined) return undefined;
  if (isWord(verb, "DELETE")) return { verb: "delete", table, assigned: [] };
  if (!isWord(verb, "UPDATE")) return { verb: "insert", table, assigned: [] };
  return { verb: "update", table, assigned: assignedColumns(nodes.slice(from)) };
}

function assignedColumns(nodes: SqlNodes): readonly string[] {
  const begin = nodes.findIndex((node) => isWord(node, "SET"));
  const rest = nodes.slice(begin + 1);
  const end = rest.findIndex((node) => isWord(node, "FROM", "WHERE", "RETURNING"));
  const assignments = splitList(end < 0 ? rest : rest.slice(0, end));
  return assignments.flatMap(([target]) => {
    const names = target?.kind === "group" ? splitList(target.nodes).map(([one]) => one) : [target];
    return names.map((name) => nameOf(name)?.toLowerCase() ?? "");
  });
}
