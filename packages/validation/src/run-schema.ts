import type { StandardSchema, StandardSchemaIssue } from "./standard-schema.ts";
import type { ValidationIssue } from "./validation-issue.ts";

/** What a schema made of one input. */
export type SchemaResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };

/** Runs a schema; synchronous schemas answer without waiting. */
export function runSchema<Value>(
  schema: StandardSchema<Value>,
  input: unknown,
): SchemaResult<Value> | Promise<SchemaResult<Value>> {
  const result = schema["~standard"].validate(input);
  return result instanceof Promise ? result.then(translate) : translate(result);
}

function translate<Value>(
  result: Awaited<ReturnType<StandardSchema<Value>["~standard"]["validate"]>>,
): SchemaResult<Value> {
  return result.issues === undefined
    ? { ok: true, value: result.value }
    : { ok: false, issues: result.issues.flatMap(issuesOf) };
}

function issuesOf(issue: StandardSchemaIssue): readonly ValidationIssue[] {
  const path = (issue.path ?? []).map(segmentOf);
  const translated: ValidationIssue = {
    code: `schema.${codeOf(issue)}`,
    message: issue.message,
    severity: "error",
    path,
    stage: "schema",
  };
  // zod reports all unknown keys of an object in one issue that points at the object.
  return unknownKeysOf(issue)?.map((key) => atKey(translated, key)) ?? [translated];
}

function atKey(issue: ValidationIssue, key: string): ValidationIssue {
  return { ...issue, message: `Unrecognized key: ${key}`, path: [...issue.path, key] };
}

function codeOf(issue: StandardSchemaIssue): string {
  return "code" in issue && typeof issue.code === "string" ? issue.code : "invalid";
}

function unknownKeysOf(issue: StandardSchemaIssue): readonly string[] | undefined {
  if (codeOf(issue) !== "unrecognized_keys" || !("keys" in issue)) return undefined;
  const { keys } = issue;
  return Array.isArray(keys) && keys.length > 0 ? keys.map(String) : undefined;
}

function segmentOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key);
}
