/** Every group an error code may belong to, in the order of the layers that raise them. */
export const errorCategories = [
  "configuration",
  "validation",
  "storage",
  "transaction",
  "index",
  "batch",
  "operation",
  "recovery",
  "session",
  "migration",
  "analysis",
  "task",
] as const;

/** The group of a code: what stands before its first dot. */
export type ErrorCategory = (typeof errorCategories)[number];

/** A stable code of the form `category.reason`. */
export type ErrorCode = `${ErrorCategory}.${string}`;

/** The group of a code. */
export function categoryOf(code: ErrorCode): ErrorCategory {
  // The type of `code` guarantees that a category stands before the dot.
  return code.slice(0, code.indexOf(".")) as ErrorCategory;
}
