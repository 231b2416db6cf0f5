import * as z from "zod/v4";

/** A JSON Schema of an object, as MCP wants for arguments and results. */
export interface JsonSchema {
  readonly type: "object";
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** Keys that say what every reader assumes anyway. */
const impliedKeys: readonly string[] = ["$schema", "propertyNames"];

/**
 * The JSON Schema of the arguments that a tool advertises, without what costs
 * tokens and says nothing.
 *
 * The output side of a schema is advertised: where a tool also takes a second
 * form (a lone value for a list), the first is the one to learn.
 */
export function compactJsonSchema(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return Object.freeze(compact(json)) as JsonSchema;
}

function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => !isImplied(key, part));
  return Object.fromEntries(entries.map(([key, part]) => [key, compact(part)]));
}

function isImplied(key: string, part: unknown): boolean {
  if (impliedKeys.includes(key)) return true;
  if (key === "minimum" || key === "maximum") return Math.abs(Number(part)) > 2 ** 52;
  return key === "additionalProperties" && typeof part === "object";
}
