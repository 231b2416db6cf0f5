import type { Finding } from "./finding.ts";
import type { JsonValue } from "./json-safe.ts";
import { readProperty, readString } from "./read-property.ts";

/** Issues named in the context of a diagnosis; their number is always given. */
const issuesMax = 20;

/** Knows zod's errors, and what looks like them: `issues`, each with path, code and message. */
export function classifySchema(value: unknown): Finding | undefined {
  const issues = readProperty(value, "issues");
  if (!Array.isArray(issues) || issues.length === 0 || !issues.every(isIssue)) return undefined;
  return {
    source: "schema",
    code: "validation.failed",
    context: {
      issueCount: issues.length,
      // Messages are left out: a schema's own texts may repeat what was given.
      issues: issues.slice(0, issuesMax).map(describeIssue),
    },
  };
}

function isIssue(issue: unknown): boolean {
  return (
    Array.isArray(readProperty(issue, "path")) &&
    readString(issue, "code") !== undefined &&
    readString(issue, "message") !== undefined
  );
}

function describeIssue(issue: unknown): JsonValue {
  const path = readProperty(issue, "path");
  return {
    path: Array.isArray(path) ? path.map(String) : [],
    code: readString(issue, "code") ?? "",
  };
}
