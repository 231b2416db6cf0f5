import type { IssueCollector, IssueList } from "./issue-collector.ts";
import { runSchema } from "./run-schema.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { ValidationResult } from "./validation-result.ts";

/** One item on its way through the stages. */
export interface Candidate<Value> extends IssueList {
  /** What the schema made of the item; absent when the schema refused it. */
  readonly passed?: { readonly value: Value };
}

/** Runs the schema on every input, in order. */
export async function createCandidates<Value>(
  schema: StandardSchema<Value>,
  inputs: readonly unknown[],
  collector: IssueCollector,
): Promise<Candidate<Value>[]> {
  const candidates: Candidate<Value>[] = [];
  for (const input of inputs) {
    const pending = runSchema(schema, input);
    // Waiting for a value that is already there would cost a turn of the queue per item.
    const result = pending instanceof Promise ? await pending : pending;
    const list = collector.list();
    if (result.ok) {
      candidates.push(Object.assign(list, { passed: { value: result.value } }));
    } else {
      for (const issue of result.issues) collector.add(list, issue);
      candidates.push(list);
    }
  }
  return candidates;
}

/** What the stages have found out about one item. */
export function resultOf<Value>(candidate: Candidate<Value>): ValidationResult<Value> {
  const { issues, truncated, failed, passed } = candidate;
  return failed || passed === undefined
    ? { ok: false, issues, truncated }
    : { ok: true, value: passed.value, issues, truncated };
}
