import { createHash } from "node:crypto";
import { type Query, sqlQuery } from "@atlas/storage";
import { isItemError } from "./run-bulk.ts";
import type { ImportOptions, ImportRemark } from "./task-import.ts";
import type { CheckedImport } from "./task-schemas.ts";
import type { TaskStore } from "./task-store.ts";

/** Which task a record became. @internal */
export interface KnownRecord {
  readonly task: string;
  readonly content_hash: string;
  /** 0 when the task was deleted here. */
  readonly present: number;
}

/** @internal */
export const knownRecord: Query<KnownRecord, { readonly source: string; readonly id: string }> =
  sqlQuery<KnownRecord, { readonly source: string; readonly id: string }>(
    `SELECT task, content_hash, EXISTS (SELECT 1 FROM tasks WHERE id = task_imports.task) AS present
     FROM task_imports WHERE source = :source AND external_id = :id`,
  );

/** One valid record and its position in the call. @internal */
export interface ImportItem {
  readonly index: number;
  readonly record: CheckedImport;
}

/** Runs a step that may fail alone. @internal */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T>;

/** The state of one import. @internal */
export interface ImportJob {
  readonly store: TaskStore;
  readonly options: ImportOptions;
  readonly attempt: Attempt;
  /** Id of the group that receives what has no parent. */
  readonly into: string;
  readonly rejected: ImportRemark[];
  readonly warnings: ImportRemark[];
  /** By external id: the task that a record is, as far as it is there. */
  readonly tasks: Map<string, string>;
}

/** The task of a record of this or an earlier import, unless it was deleted. @internal */
export async function taskOf(job: ImportJob, external: string): Promise<string | undefined> {
  const here = job.tasks.get(external);
  if (here !== undefined) return here;
  const { source } = job.options;
  const known = await job.store.connection.get(knownRecord, { source, id: external });
  return known?.present === 1 ? known.task : undefined;
}

/** @internal */
export function reject(job: ImportJob, { index }: ImportItem, reason: string): void {
  job.rejected.push({ index, reason });
}

/** @internal */
export function warn(job: ImportJob, { index }: ImportItem, reason: string): void {
  job.warnings.push({ index, reason });
}

/** What is wrong with a record. Failures of the store are not its fault and end the import. @internal */
export function reasonOf(error: unknown): string {
  if (isItemError(error)) return error.message;
  throw error;
}

/** Changes with everything a record says. @internal */
export function hashOf(record: CheckedImport): string {
  return createHash("sha256").update(JSON.stringify(record)).digest("base64url");
}
