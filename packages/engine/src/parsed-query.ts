/**
 * Turns a query of a caller into parts that are known to fit the table: names
 * that exist, operators that exist, values of the column's type. Everything is
 * checked here, because queries may come from a tool's arguments.
 */
import type { TableDefinition } from "@atlas/storage";
import type { CollectionRuntime } from "./collection-runtime.ts";
import { engineError } from "./errors.ts";

/** The comparisons a filter knows. */
export type FilterOperator = "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "in" | "like";

/** One condition on one column. */
export interface ParsedCondition {
  readonly column: string;
  readonly operator: FilterOperator;
  readonly value: unknown;
}

/** One column to order by. */
export interface ParsedOrder {
  readonly column: string;
  readonly direction: "asc" | "desc";
}

/** A query whose parts all fit. */
export interface ParsedQuery {
  readonly conditions: readonly ParsedCondition[];
  readonly search: string | undefined;
  /** Ends with the key, so that no two records are equal. */
  readonly order: readonly ParsedOrder[];
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly total: boolean;
}

/** Records of a page when nothing is said. */
const pageSizeDefault = 50;
/** Records of a page at most. */
const pageSizeMax = 1_000;
/** Values of one `in` at most. */
const listLengthMax = 10_000;

const operators: readonly string[] = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "like"];
const known: readonly string[] = ["where", "search", "orderBy", "limit", "cursor", "total"];
const orderKeys: readonly string[] = ["field", "direction"];

/** @throws {AtlasError} operation.query_invalid */
export function parseQuery(runtime: CollectionRuntime, query: object): ParsedQuery {
  const { table, name } = runtime.definition;
  const parts: Readonly<Record<string, unknown>> = { ...query };
  const stranger = Object.keys(parts).find((part) => !known.includes(part));
  if (stranger !== undefined) {
    throw invalid(name, `it has no part "${stranger.slice(0, 64)}"; known are ${known.join(", ")}`);
  }
  const {
    where = {},
    search,
    orderBy = [],
    limit = pageSizeDefault,
    cursor,
    total = false,
  } = parts;
  if (!isPlainObject(where)) throw invalid(name, "`where` is not an object of fields");
  if (!Array.isArray(orderBy)) throw invalid(name, "`orderBy` is not a list");
  if (!isWithin(limit, pageSizeMax)) {
    throw invalid(name, `\`limit\` is not a whole number from 1 to ${pageSizeMax}`);
  }
  if (cursor !== undefined && typeof cursor !== "string")
    throw invalid(name, "`cursor` is not text");
  if (typeof total !== "boolean") throw invalid(name, "`total` is neither true nor false");
  return {
    conditions: Object.entries(where).flatMap(([column, value]) =>
      conditionsOf({ collection: name, table, column }, value),
    ),
    search: parseSearch(runtime, search),
    order: orderOf(runtime, orderBy),
    limit,
    cursor,
    total,
  };
}

interface Field {
  readonly collection: string;
  readonly table: TableDefinition;
  readonly column: string;
}

function conditionsOf(field: Field, value: unknown): readonly ParsedCondition[] {
  const { collection, column } = field;
  requireColumn(field);
  if (value === undefined) return [];
  if (!isPlainObject(value)) return [conditionOf(field, "eq", value)];
  const entries = Object.entries(value).filter(([, operand]) => operand !== undefined);
  const stranger = entries.find(([operator]) => !operators.includes(operator));
  if (stranger !== undefined) {
    throw invalid(
      collection,
      `"${column}" has no comparison "${stranger[0].slice(0, 64)}"; known are ${operators.join(", ")}`,
    );
  }
  return entries.map(([operator, operand]) =>
    conditionOf(field, operator as FilterOperator, operand),
  );
}

function conditionOf(field: Field, operator: FilterOperator, value: unknown): ParsedCondition {
  const { collection, table, column } = field;
  const { type, nullable } = table.columns[column]!;
  const refuse = (reason: string): Error => invalid(collection, `"${column}" ${reason}`);
  if (value === null) {
    if (operator !== "eq" && operator !== "neq") throw refuse(`${operator} null is never true`);
    return { column, operator, value };
  }
  if (type === "json" || type === "blob") throw refuse("can only be compared with null");
  if (operator === "like" && type !== "text") throw refuse("is not text, so `like` does not fit");
  const values = operator === "in" ? value : [value];
  if (!Array.isArray(values)) throw refuse("`in` takes a list");
  if (values.length > listLengthMax) throw refuse(`\`in\` takes at most ${listLengthMax} values`);
  if (values.some((item) => !fits(type, item))) {
    throw refuse(
      `is compared with a value that is not ${type}${nullable === true ? " or null" : ""}`,
    );
  }
  return { column, operator, value };
}

function orderOf({ definition }: CollectionRuntime, given: readonly unknown[]): ParsedOrder[] {
  const { name: collection, table, key } = definition;
  const order = given.map((term): ParsedOrder => {
    const {
      field,
      direction = "asc",
      ...rest
    } = (isPlainObject(term) ? term : { field: term }) as Readonly<Record<string, unknown>>;
    if (typeof field !== "string") throw invalid(collection, "a part of `orderBy` names no field");
    if (Object.keys(rest).length > 0) {
      throw invalid(collection, `a part of \`orderBy\` has more than ${orderKeys.join(" and ")}`);
    }
    if (direction !== "asc" && direction !== "desc") {
      throw invalid(collection, "a direction is neither asc nor desc");
    }
    requireColumn({ collection, table, column: field });
    if (["json", "blob"].includes(table.columns[field]!.type)) {
      throw invalid(collection, `"${field}" has no order`);
    }
    return { column: field, direction };
  });
  if (new Set(order.map(({ column }) => column)).size !== order.length) {
    throw invalid(collection, "`orderBy` names a field twice");
  }
  const missing = key.filter((column) => !order.some((term) => term.column === column));
  return [...order, ...missing.map((column) => ({ column, direction: "asc" as const }))];
}

function parseSearch(
  { definition, searchIndex }: CollectionRuntime,
  search: unknown,
): string | undefined {
  if (search === undefined) return undefined;
  if (typeof search !== "string") throw invalid(definition.name, "`search` is not text");
  if (searchIndex !== undefined) return search;
  throw invalid(definition.name, "it is declared without `search`, so no text can be looked up");
}

function requireColumn({ collection, table, column }: Field): void {
  if (Object.hasOwn(table.columns, column)) return;
  throw invalid(collection, `there is no field "${column.slice(0, 64)}"`);
}

function fits(type: string, value: unknown): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    default:
      return typeof value === "number" && Number.isFinite(value);
  }
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function invalid(collection: string, reason: string): Error {
  return engineError(
    "operation.query_invalid",
    `The query of "${collection}" cannot be run: ${reason}. Correct it and call again.`,
    { details: { collection, reason } },
  );
}
