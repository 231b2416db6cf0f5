import type { Handle } from "./driver.ts";

/**
 * Tells damage of a file from damage of an index, which can be made again from
 * sound data. Costs one look at every page, and a second one when something is
 * wrong.
 */
export function damageOf(handle: Handle): "none" | "index" | "file" {
  const [first] = handle.prepare("pragma quick_check(1)").pluck().all() as readonly string[];
  if (first === "ok" || first === undefined) return "none";
  // What is wrong with pages and their lists comes first and begins like this;
  // SQLite has only the text to say so.
  if (first.startsWith("***")) return "file";
  return contradictionInRows(handle) ? "file" : "index";
}

/** Something other than a number of entries, outside virtual tables, which here are search indexes. */
function contradictionInRows(handle: Handle): boolean {
  const found = handle
    .prepare(
      `select 1 from pragma_table_list as listed, pragma_quick_check(listed.name) as checked
       where listed.schema = 'main' and listed.type in ('table', 'shadow')
         and checked.quick_check <> 'ok'
         and checked.quick_check not like 'wrong # of entries in index %' limit 1`,
    )
    .get();
  return found !== undefined;
}
