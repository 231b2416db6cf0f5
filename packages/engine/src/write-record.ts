import { type BatchValidationResult, requireValid } from "@atlas/validation";
import { checkRules } from "./check-rules.ts";
import { withoutOwned } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import type { CollectionParts } from "./create-collection.ts";
import type { WriteOptions } from "./engine.ts";
import { keyValues } from "./record-key.ts";

/** Saves one record; see `Collection.save`. */
export async function saveRecord(
  { runtime, writer, transactions, contexts }: CollectionParts,
  input: unknown,
  options: WriteOptions,
): Promise<Row> {
  // The form needs nothing that is stored, so nobody waits while it is checked.
  const record = requireValid(await runtime.schemas.validate(withoutOwned(runtime, input)));
  const actor = options.actor ?? contexts.actor;
  return transactions.atomic(async (connection) => {
    const before = await writer.find(record);
    const befores = new Map(before === undefined ? [] : [[record, before]]);
    const ruled = await checkRules(runtime, { records: [record], befores, connection, actor });
    if (ruled !== undefined) requireRuled(ruled);
    const written = await writer.write(record, before, options);
    const [settled] = await writer.settle([written], actor);
    // Saving leaves a record behind.
    return settled!.after!;
  });
}

/** Deletes one record; see `Collection.delete`. */
export async function deleteRecord(
  { runtime, writer, transactions, contexts }: CollectionParts,
  key: unknown,
  options: WriteOptions,
): Promise<boolean> {
  return transactions.atomic(async () => {
    const before = await writer.find(keyValues(runtime.definition, key));
    if (before === undefined) {
      writer.checkAbsent(options);
      return false;
    }
    const written = await writer.remove(before, options);
    await writer.settle([written], options.actor ?? contexts.actor);
    return true;
  });
}

/** Refuses the one record that was judged; its issues name fields, not places in a list. */
function requireRuled({
  results: [result],
  stateIssues,
  truncated,
}: BatchValidationResult<Row>): void {
  if (result !== undefined) requireValid(result);
  const ok = stateIssues.every(({ severity }) => severity !== "error");
  if (!ok) requireValid({ ok, issues: stateIssues, truncated });
}
