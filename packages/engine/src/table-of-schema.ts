import { type ColumnDefinition, type Columns, defineTable, type Table } from "@atlas/storage";
import { z } from "zod";

/** What a table is made from when none is given. */
export interface TableSource {
  readonly name: string;
  readonly schema: z.ZodObject;
  readonly key: readonly string[];
  readonly version: string | undefined;
}

/** The part of a JSON schema that says which column holds a value. */
interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly FieldSchema[];
}

/**
 * The table that the output of a schema fits into: text, integer, real and
 * boolean columns for what is that, JSON for everything else, in the order of
 * the fields, and the version at the end.
 *
 * `refuse` makes the error for a field that no column can hold.
 */
export function tableOfSchema(
  { name, schema, key, version }: TableSource,
  refuse: (reason: string) => Error,
): Table {
  const columns: Record<string, ColumnDefinition> = {};
  for (const [field, fieldSchema] of Object.entries(schema.shape)) {
    if (fieldSchema.safeParse(undefined).success && !hasDefault(fieldSchema)) {
      throw refuse(`its field "${field}" may be missing; make it nullable() or give it a default`);
    }
    columns[field] = columnOf(jsonSchemaOf(field, fieldSchema, refuse));
  }
  if (version !== undefined) columns[version] = { type: "integer" };
  return defineTable(name, { columns: columns as Columns, primaryKey: key as [string] });
}

function hasDefault(schema: z.core.$ZodType): boolean {
  const parsed = z.safeParse(schema, undefined);
  return parsed.success && parsed.data !== undefined;
}

function jsonSchemaOf(
  field: string,
  schema: z.core.$ZodType,
  refuse: (reason: string) => Error,
): FieldSchema {
  try {
    // What zod answers is a JSON schema; only these parts of it are read.
    return z.toJSONSchema(schema, { io: "output" }) as FieldSchema;
  } catch {
    throw refuse(`no column follows from its field "${field}"; give it a table`);
  }
}

function columnOf(schema: FieldSchema): ColumnDefinition {
  const types = new Set((schema.anyOf ?? [schema]).flatMap(typesOf));
  const nullable = types.delete("null");
  const [type = "unknown"] = types.size === 1 ? types : [];
  return { type: columnTypes[type] ?? "json", ...(nullable ? { nullable } : {}) };
}

const columnTypes: Readonly<Record<string, ColumnDefinition["type"]>> = {
  string: "text",
  integer: "integer",
  number: "real",
  boolean: "boolean",
};

/** The types of the values of a JSON schema; constants need not have said theirs. */
function typesOf({ type, enum: values, const: value }: FieldSchema): readonly string[] {
  if (type !== undefined) return typeof type === "string" ? [type] : type;
  return (values ?? [value]).map((constant) => typeof constant);
}
