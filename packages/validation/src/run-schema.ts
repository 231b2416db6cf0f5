import type { StandardSchema, StandardSchemaIssue } from "./standard-schema.ts";
import type { ValidationIssue } from "./validation-issue.ts";

/** The validating function of a schema, taken out once: zod makes it at the first use. */
export type SchemaFunction<Value> = StandardSchema<Value>["~standard"]["validate"];

/**
 * What a schema library has found, each as a function that makes the issue: an
 * input can have more unknown keys than anyone wants issues.
 *
 * @yields one function per issue
 */
export function* schemaIssuesOf(
  found: readonly StandardSchemaIssue[],
): Generator<() => ValidationIssue, void> {
  if (found.length === 0) yield () => translate({ message: "The schema refused the item." });
  for (const issue of found) {
    // zod reports all unknown keys of an object in one issue that points at the object.
    const keys = unknownKeysOf(issue);
    if (keys === undefined) yield () => translate(issue);
    else for (const key of keys) yield () => atKey(issue, String(key));
  }
}

function translate(issue: StandardSchemaIssue): ValidationIssue {
  return {
    code: `schema.${codeOf(issue)}`,
    message: issue.message,
    severity: "error",
    path: (issue.path ?? []).map(segmentOf),
    stage: "schema",
  };
}

function atKey(issue: StandardSchemaIssue, key: string): ValidationIssue {
  const translated = translate(issue);
  return { ...translated, message: `Unrecognized key: ${key}`, path: [...translated.path, key] };
}

function codeOf(issue: StandardSchemaIssue): string {
  return textOf(issue, "code") ?? textOf(issue, "type") ?? "invalid";
}

/** zod calls the kind of an issue its code, valibot its type. */
function textOf(issue: object, name: "code" | "type"): string | undefined {
  const value = name in issue ? (issue as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function unknownKeysOf(issue: StandardSchemaIssue): readonly unknown[] | undefined {
  if (codeOf(issue) !== "unrecognized_keys" || !("keys" in issue)) return undefined;
  const { keys } = issue;
  return Array.isArray(keys) && keys.length > 0 ? keys : undefined;
}

function segmentOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key);
}
