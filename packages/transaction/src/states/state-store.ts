import { createHash } from "node:crypto";
import {
  type Connection,
  defineTable,
  deleteFrom,
  from,
  insertInto,
  param,
  type Reader,
  type RowOf,
  sqlQuery,
  type Table,
  updateTable,
} from "@atlas/storage";
import { canonicalJson, type StoredValue } from "./canonical-json.ts";
import type { AtomicServiceState, ServiceDependency, StateChange } from "./service-state.ts";

const stateColumns = {
  id: { type: "text" },
  version: { type: "integer" },
  state: { type: "text" },
  // Canonical JSON. A column of type json would keep null as no value at all.
  dependencies: { type: "text" },
  data: { type: "text" },
  checksum: { type: "text" },
  last_modified: { type: "integer" },
} as const;

const changeColumns = {
  number: { type: "integer", increments: true },
  id: { type: "text" },
  version: { type: "integer" },
  from_state: { type: "text", nullable: true },
  to_state: { type: "text", nullable: true },
  at: { type: "integer" },
  reason: { type: "text" },
  checksum: { type: "text" },
} as const;

/** @internal */
export const statesTable: Table<typeof stateColumns> = defineTable("atlas_service_states", {
  columns: stateColumns,
  primaryKey: ["id"],
});
/** @internal */
export const changesTable: Table<typeof changeColumns> = defineTable(
  "atlas_service_state_changes",
  { columns: changeColumns, primaryKey: ["number"] },
);
/** @internal */
export const changesIndex: { name: string; table: string; on: readonly string[] } = {
  name: "atlas_service_state_changes_id",
  table: changesTable.name,
  on: ["id", "number"],
};

type StateRow = RowOf<typeof statesTable>;

const allStates = from(statesTable)
  .select("id", "version", "state", "dependencies", "data", "checksum", "last_modified")
  .orderBy("id")
  .build();
const oneState = from(statesTable)
  .select("id", "version", "state", "dependencies", "data", "checksum", "last_modified")
  .where("id", "eq", param("id"))
  .build();
const insertState = insertInto(statesTable).build();
const updateState = updateTable(statesTable)
  .set({
    version: param("version"),
    state: param("state"),
    dependencies: param("dependencies"),
    data: param("data"),
    checksum: param("checksum"),
    last_modified: param("lastModified"),
  })
  .where("id", "eq", param("id"))
  .build();
const deleteState = deleteFrom(statesTable).where("id", "eq", param("id")).build();
const insertChange = insertInto(changesTable).build();
const dropChanges = sqlQuery<never, { id: string; kept: number }>(
  `DELETE FROM atlas_service_state_changes WHERE id = :id AND number <= (
     SELECT number FROM atlas_service_state_changes WHERE id = :id
     ORDER BY number DESC LIMIT 1 OFFSET :kept)`,
);
const changesOf = from(changesTable)
  .select("number", "id", "version", "from_state", "to_state", "at", "reason", "checksum")
  .where("id", "eq", param("id"))
  .where("number", "lt", param("before"))
  .orderBy("number", "desc")
  .limit(param("limit"))
  .build();
const newestChecksums = sqlQuery<{ id: string; checksum: string }>(
  `SELECT id, checksum FROM atlas_service_state_changes WHERE number IN (
     SELECT max(number) FROM atlas_service_state_changes GROUP BY id)`,
);

/** Everything of a state but its checksum. @internal */
export type StateContent<State extends string> = Omit<AtomicServiceState<State>, "checksum">;

/** @internal */
export function sealed<State extends string>(
  content: StateContent<State>,
): AtomicServiceState<State> {
  return { ...content, checksum: checksumOf(content) };
}

/** True when the checksum is the one of the content. @internal */
export function isSealed({ checksum, ...content }: AtomicServiceState): boolean {
  return checksumOf(content) === checksum;
}

/** SHA-256 over the canonical JSON, in hexadecimal. @internal */
export function checksumOf(content: object): string {
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

/** @internal */
export async function readStates<State extends string>(
  reader: Reader,
): Promise<Map<string, AtomicServiceState<State>>> {
  const rows = await reader.all(allStates);
  return new Map(rows.map((row) => [row.id, stateOf<State>(row)]));
}

/** @internal */
export async function readState<State extends string>(
  reader: Reader,
  id: string,
): Promise<AtomicServiceState<State> | undefined> {
  const row = await reader.get(oneState, { id });
  return row && stateOf<State>(row);
}

/** What is written of one change. @internal */
export interface StateWrite<State extends string> {
  readonly before: AtomicServiceState<State> | undefined;
  readonly after: AtomicServiceState<State>;
  readonly reason: string;
  readonly historyMax: number;
}

/** @internal */
export async function writeState<State extends string>(
  connection: Connection,
  { before, after, reason, historyMax }: StateWrite<State>,
): Promise<void> {
  const { id, version, state, dependencies, data, checksum, lastModified } = after;
  const texts = { dependencies: canonicalJson(dependencies), data: canonicalJson(data) };
  const values = { id, version, state, checksum, ...texts };
  if (before === undefined)
    await connection.run(insertState, { ...values, last_modified: lastModified });
  else await connection.run(updateState, { ...values, lastModified });
  await connection.run(insertChange, {
    id,
    version,
    from_state: before?.state ?? null,
    to_state: state,
    at: lastModified,
    reason,
    checksum,
  });
  await connection.run(dropChanges, { id, kept: historyMax });
}

/** @internal */
export async function removeState(
  connection: Connection,
  removed: AtomicServiceState,
  { at, reason }: { readonly at: number; readonly reason: string },
): Promise<void> {
  const { id, version, state, checksum } = removed;
  await connection.run(deleteState, { id });
  const change = { id, version: version + 1, from_state: state, to_state: null };
  await connection.run(insertChange, { ...change, at, reason, checksum });
}

/** @internal */
export async function readChanges<State extends string>(
  reader: Reader,
  range: { readonly id: string; readonly before: number; readonly limit: number },
): Promise<readonly StateChange<State>[]> {
  const rows = await reader.all(changesOf, range);
  return rows.map(({ from_state, to_state, ...row }) => ({
    ...row,
    // Written by `writeState` only.
    from: from_state as State | null,
    to: to_state as State | null,
  }));
}

/** The checksum in the newest change of each service. @internal */
export async function readNewestChecksums(reader: Reader): Promise<ReadonlyMap<string, string>> {
  const rows = await reader.all(newestChecksums);
  return new Map(rows.map(({ id, checksum }) => [id, checksum]));
}

function stateOf<State extends string>(row: StateRow): AtomicServiceState<State> {
  return {
    id: row.id,
    version: row.version,
    // The manager compares it with what is declared before it relies on it.
    state: row.state as State,
    dependencies: listOf<State>(row.dependencies),
    data: parsed(row.data),
    checksum: row.checksum,
    lastModified: row.last_modified,
  };
}

/** What is no JSON was not written here; as it is, it cannot fit its checksum. */
function parsed(text: string): StoredValue {
  try {
    return JSON.parse(text) as StoredValue;
  } catch {
    return text;
  }
}

function listOf<State extends string>(text: string): readonly ServiceDependency<State>[] {
  const list = parsed(text);
  // The checksum vouches for what is in it; something else than a list would stop even `verify`.
  return Array.isArray(list) ? (list as unknown as readonly ServiceDependency<State>[]) : [];
}
