import type { IndexExpression } from "@atlas/storage";
import type { OrdinaryIndexDeclaration } from "./index-declaration.ts";
import { literal, quoted } from "./quoted.ts";

/** An index over the status of rows. */
export interface StatusIndexDefinition {
  readonly name: string;
  readonly table: string;
  /** The column with the status. */
  readonly status: string;
  /** Only rows of these statuses are in the index, such as the unfinished ones. Default: all. */
  readonly only?: readonly string[];
  /** What rows of one status are ordered by. Default: nothing. */
  readonly orderBy?: readonly (string | IndexExpression)[];
}

/** An index over the rows that belong to sessions. */
export interface SessionIndexDefinition {
  readonly name: string;
  readonly table: string;
  /** The column with the session; rows in which it is null belong to none. */
  readonly session: string;
  /** What rows of one session are ordered by. Default: nothing. */
  readonly orderBy?: readonly (string | IndexExpression)[];
}

/** Finds rows by status; with `only` it stays as small as what it is asked for. */
export function statusIndex(definition: StatusIndexDefinition): OrdinaryIndexDeclaration {
  const { name, table, status, only, orderBy = [] } = definition;
  const list = only?.map(literal).join(", ");
  const where = list === undefined ? {} : { where: `${quoted(status)} IN (${list})` };
  return { kind: "secondary", name, table, on: [status, ...orderBy], ...where };
}

/** Finds the rows of a session; rows without one cost nothing. */
export function sessionIndex(definition: SessionIndexDefinition): OrdinaryIndexDeclaration {
  const { name, table, session, orderBy = [] } = definition;
  const where = `${quoted(session)} IS NOT NULL`;
  return { kind: "secondary", name, table, on: [session, ...orderBy], where };
}
