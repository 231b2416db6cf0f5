import {
  type Connection,
  insertInto,
  param,
  type Reader,
  type RowOf,
  sqlQuery,
  updateTable,
} from "@atlas/storage";
import type { StoredValue } from "../states/canonical-json.ts";
import type {
  SagaFailure,
  SagaHistoryEntry,
  SagaHistoryPage,
  SagaReport,
  SagaStatus,
} from "./saga-report.ts";
import type { SagaFilter } from "./saga-runner.ts";
import { sagaHistoryTable, sagasTable, sagaStepsTable } from "./saga-tables.ts";

type SagaRow = RowOf<typeof sagasTable>;
type StepRow = RowOf<typeof sagaStepsTable>;

/** One step as it is stored. @internal */
export interface StepRecord {
  readonly position: number;
  readonly path: string;
  readonly status: "started" | "completed" | "compensated" | "resolved";
  readonly attempts: number;
  readonly failures: number;
  readonly undoFailures: number;
  readonly undoCrashes: number;
  readonly outcome: StoredValue;
}

/** One saga as it is stored. @internal */
export interface SagaState {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly input: string;
  readonly paths: string;
  readonly status: SagaStatus;
  readonly position: number;
  readonly failure: SagaFailure | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly steps: readonly StepRecord[];
}

const insertSaga = insertInto(sagasTable).ignoreConflicts().build();
const insertStep = insertInto(sagaStepsTable)
  .columns("saga", "position", "path", "status", "attempts")
  .build();
const insertHistory = insertInto(sagaHistoryTable).build();
const moveSaga = updateTable(sagasTable)
  .set({
    status: param("status"),
    position: param("position"),
    failure: param("failure"),
    updated_at: param("at"),
  })
  .where("id", "eq", param("id"))
  .build();
const changeStep = updateTable(sagaStepsTable)
  .set({
    status: param("status"),
    attempts: param("attempts"),
    failures: param("failures"),
    undo_failures: param("undoFailures"),
    undo_crashes: param("undoCrashes"),
    outcome: param("outcome"),
  })
  .where("saga", "eq", param("saga"))
  .where("position", "eq", param("position"))
  .build();
const selectSaga = sqlQuery<SagaRow, { id: string }>("SELECT * FROM atlas_sagas WHERE id = :id");
const selectByKey = sqlQuery<{ id: string }, { name: string; key: string }>(
  "SELECT id FROM atlas_sagas WHERE name = :name AND key = :key",
);
const selectSteps = sqlQuery<StepRow, { id: string }>(
  "SELECT * FROM atlas_saga_steps WHERE saga = :id ORDER BY position",
);
const selectIds = sqlQuery<
  { id: string },
  { status: string | null; name: string | null; after: string; limit: number }
>(
  `SELECT id FROM atlas_sagas WHERE id > :after AND (:status IS NULL OR status = :status)
   AND (:name IS NULL OR name = :name) ORDER BY id LIMIT :limit`,
);
const selectUnfinished = sqlQuery<{ id: string }, { after: string; limit: number }>(
  `SELECT id FROM atlas_sagas WHERE status IN ('running', 'compensating') AND id > :after
   ORDER BY id LIMIT :limit`,
);
const selectHistory = sqlQuery<SagaHistoryEntry, { saga: string; after: number; limit: number }>(
  `SELECT number, at, text FROM atlas_saga_history WHERE saga = :saga AND number > :after
   ORDER BY number LIMIT :limit`,
);
/** Sagas that are forgotten in one transaction: others wait for the writer meanwhile. @internal */
export const prunedAtOnceMax = 1_000;
const ended = `SELECT id FROM atlas_sagas
   WHERE status IN ('completed', 'compensated') AND updated_at < :before
   ORDER BY id LIMIT ${prunedAtOnceMax}`;
const pruneHistory = sqlQuery<never, { before: number }>(
  `DELETE FROM atlas_saga_history WHERE saga IN (${ended})`,
);
const pruneSteps = sqlQuery<never, { before: number }>(
  `DELETE FROM atlas_saga_steps WHERE saga IN (${ended})`,
);
const pruneSagas = sqlQuery<never, { before: number }>(
  `DELETE FROM atlas_sagas WHERE id IN (${ended})`,
);

/** A saga that has not begun. @internal */
export interface NewSaga {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly input: string;
  readonly paths: string;
  readonly at: number;
}

/** Stores a saga unless its key is taken; answers with the id that the key belongs to. @internal */
export async function createSaga(connection: Connection, saga: NewSaga): Promise<string> {
  const { at, ...fields } = saga;
  const { changes } = await connection.run(insertSaga, {
    ...fields,
    status: "running",
    position: 0,
    failure: null,
    created_at: at,
    updated_at: at,
  });
  if (changes > 0) return saga.id;
  const found = await connection.get(selectByKey, { name: saga.name, key: saga.key });
  return found?.id ?? saga.id;
}

/** @internal */
export async function readSaga(reader: Reader, id: string): Promise<SagaState | undefined> {
  const row = await reader.get(selectSaga, { id });
  if (row === undefined) return undefined;
  const steps = await reader.all(selectSteps, { id });
  return {
    id: row.id,
    name: row.name,
    key: row.key,
    input: row.input,
    paths: row.paths,
    // Both are written by this file only.
    status: row.status as SagaStatus,
    failure: row.failure === null ? null : (JSON.parse(row.failure) as SagaFailure),
    position: row.position,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    steps: steps.map(recordOf),
  };
}

function recordOf(row: StepRow): StepRecord {
  return {
    position: row.position,
    path: row.path,
    status: row.status as StepRecord["status"],
    attempts: row.attempts,
    failures: row.failures,
    undoFailures: row.undo_failures,
    undoCrashes: row.undo_crashes,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as StoredValue),
  };
}

/** Where a saga goes on. @internal */
export interface SagaMove extends Pick<SagaState, "status" | "position" | "failure"> {
  readonly at: number;
}

/** @internal */
export async function writeMove(
  connection: Connection,
  id: string,
  { status, position, failure, at }: SagaMove,
): Promise<void> {
  const text = failure === null ? null : JSON.stringify(failure);
  await connection.run(moveSaga, { id, status, position, failure: text, at });
}

/** Registers a step, and with it its compensation, before it runs. @internal */
export async function registerStep(
  connection: Connection,
  saga: string,
  { position, path }: { readonly position: number; readonly path: string },
): Promise<void> {
  await connection.run(insertStep, { saga, position, path, status: "started", attempts: 1 });
}

/** @internal */
export async function writeStep(
  connection: Connection,
  saga: string,
  { path: _path, outcome, ...values }: StepRecord,
): Promise<void> {
  await connection.run(changeStep, { saga, ...values, outcome: JSON.stringify(outcome) });
}

/** @internal */
export async function tell(
  connection: Connection,
  saga: string,
  { at, text }: Pick<SagaHistoryEntry, "at" | "text">,
): Promise<void> {
  await connection.run(insertHistory, { saga, at, text });
}

/** @internal */
export function readHistory(
  reader: Reader,
  saga: string,
  { after = 0, limit = 1_000 }: SagaHistoryPage,
): Promise<SagaHistoryEntry[]> {
  return reader.all(selectHistory, { saga, after, limit });
}

/** @internal */
export async function listSagas(
  reader: Reader,
  filter: SagaFilter,
): Promise<readonly SagaReport[]> {
  const { status = null, name = null, after = "", limit = 100 } = filter;
  const reports: SagaReport[] = [];
  for (const { id } of await reader.all(selectIds, { status, name, after, limit })) {
    const state = await readSaga(reader, id);
    if (state !== undefined) reports.push(reportOf(state));
  }
  return reports;
}

/** @internal */
export async function findUnfinished(
  reader: Reader,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  return (await reader.all(selectUnfinished, page)).map(({ id }) => id);
}

/** Forgets up to `prunedAtOnceMax`. @internal */
export async function pruneSome(connection: Connection, before: number): Promise<number> {
  await connection.run(pruneHistory, { before });
  await connection.run(pruneSteps, { before });
  return (await connection.run(pruneSagas, { before })).changes;
}

/** @internal */
export function reportOf(state: SagaState): SagaReport {
  const { id, name, key, status, failure, createdAt, updatedAt, steps } = state;
  const done = steps.filter((step) => step.status === "completed");
  const results = Object.fromEntries(done.map(({ path, outcome }) => [path, outcome]));
  const step = steps.find(({ position }) => position === state.position)?.path ?? "";
  return { id, name, key, status, step, results, failure, createdAt, updatedAt };
}
