import type { Query, ValuesArgument } from "@atlas/storage";
import type { ProgramStatement } from "./transaction.ts";

/** Binds a query to its values, as one step of a program. */
export function statement<Values extends object>(
  query: Query<unknown, Values>,
  ...[values]: ValuesArgument<Values>
): ProgramStatement {
  return { query, values };
}
