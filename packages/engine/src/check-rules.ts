import type { Connection } from "@atlas/storage";
import { type BatchValidationResult, changedFieldsOf } from "@atlas/validation";
import { imageOf } from "./change-image.ts";
import type { CollectionRuntime } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";

/** Records that passed the schema, with the stored ones they replace. */
export interface RuleSubjects {
  readonly records: readonly Row[];
  readonly befores: ReadonlyMap<Row, Row>;
  readonly connection: Connection;
  readonly actor: string | undefined;
}

/** Runs the rules of a collection; undefined when it has none. */
export async function checkRules(
  runtime: CollectionRuntime,
  { records, befores, connection, actor }: RuleSubjects,
): Promise<BatchValidationResult<Row> | undefined> {
  if (runtime.rules === undefined || records.length === 0) return undefined;
  const { fields } = runtime;
  return runtime.rules.validateMany(records, {
    // A rule looks records up that it was given itself.
    context: { connection, actor, before: (record) => befores.get(record as Row) },
    changedFields(record) {
      const before = befores.get(record);
      return before && changedFieldsOf(imageOf(before, fields), imageOf(record, fields));
    },
  });
}
