import { isIdentifier } from "../define-table.ts";

/** True for names that may stand, quoted, in SQL text, whatever the types of the caller said. */
export function isName(value: unknown): value is string {
  // A list of one name would pass for the name in a pattern.
  return typeof value === "string" && isIdentifier(value);
}
