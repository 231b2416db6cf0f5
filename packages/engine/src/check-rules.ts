import type { Connection } from "@atlas/storage";
import type { BatchValidationResult } from "@atlas/validation";
import { changedFields, imageOf } from "./change-image.ts";
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
  const fields = changedBy(runtime, records, befores);
  return runtime.rules.validateMany(records, {
    // A rule looks records up that it was given itself.
    context: { connection, actor, before: (record) => befores.get(record as Row) },
    ...(fields === undefined ? {} : { changedFields: fields }),
  });
}

/** Every field that one of the updates changes; undefined when a record is new. */
function changedBy(
  { fields }: CollectionRuntime,
  records: readonly Row[],
  befores: ReadonlyMap<Row, Row>,
): readonly string[] | undefined {
  const changed = new Set<string>();
  for (const record of records) {
    const before = befores.get(record);
    if (before === undefined) return undefined;
    const { fields: names } = changedFields(imageOf(before, fields), imageOf(record, fields));
    for (const name of names) changed.add(name);
  }
  return [...changed];
}
