import { AtlasError, checkOptions, toJsonSafe } from "@atlas/errors";
import {
  defineTable,
  deleteFrom,
  type Dialect,
  insertInto,
  param,
  type RowOf,
  sqlQuery,
  type Table,
} from "@atlas/storage";
import { ensureTables } from "../ensure-tables.ts";
import type { TransactionManager } from "../transaction.ts";
import type { RuleFinding } from "./atomic-operation.ts";

/** Where an operation failed. */
export type FailurePhase = "execute" | "before_commit" | "commit" | "after_commit";

/** One failure of an operation as it is kept. */
export interface OperationFailure {
  /** Grows with each failure. */
  readonly number: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly operation: string;
  readonly phase: FailurePhase;
  readonly transactionId: string;
  /** The code of an AtlasError, or the name of another error. */
  readonly code: string;
  readonly message: string;
  readonly durationMs: number;
  readonly findings: readonly RuleFinding[];
}

/** What `record` is given. */
export interface FailureReport {
  readonly operation: string;
  readonly phase: FailurePhase;
  readonly transactionId: string;
  readonly durationMs: number;
  readonly findings: readonly RuleFinding[];
  /** Absent when the operation was committed. */
  readonly error?: unknown;
}

/** Which failures are wanted. */
export interface FailureFilter {
  readonly operation?: string;
  /** From this moment on, in milliseconds since the epoch. */
  readonly since?: number;
  /** Only those with a smaller number: the next page. */
  readonly before?: number;
  /** 1 to 10,000. Default: 100. */
  readonly limit?: number;
}

/** A durable, bounded record of what went wrong. */
export interface OperationFailureLog {
  /** Creates the table when it is missing. Safe in several processes at once. */
  prepare(): Promise<void>;
  /** Keeps a failure in a transaction of its own, and drops the oldest beyond the limit. */
  record(report: FailureReport): Promise<void>;
  /** Newest first. */
  query(filter?: FailureFilter): Promise<readonly OperationFailure[]>;
  /** Drops what is older than this moment; answers how many there were. */
  prune(before: number): Promise<number>;
}

/** How a failure log works. */
export interface FailureLogOptions {
  /** Of the store of the transactions. */
  readonly dialect: Dialect;
  /** Failures that are kept, 1 to 1,000,000. Default: 10,000. */
  readonly entriesMax?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What a failure log does unless told otherwise. */
export const failureLogDefaults: { readonly entriesMax: 10_000 } = Object.freeze({
  entriesMax: 10_000,
});

/** UTF-16 units of a message that are kept. */
const messageLengthMax = 2_000;

const columns = {
  number: { type: "integer", increments: true },
  at: { type: "integer" },
  operation: { type: "text" },
  phase: { type: "text" },
  transaction_id: { type: "text" },
  code: { type: "text" },
  message: { type: "text" },
  duration_ms: { type: "real" },
  findings: { type: "text" },
} as const;

const failures: Table<typeof columns> = defineTable("atlas_operation_failures", {
  columns,
  primaryKey: ["number"],
});
const indexes = [
  { name: "atlas_operation_failures_operation", table: failures.name, on: ["operation", "number"] },
];

const insertFailure = insertInto(failures).returning("number").build();
const dropUpTo = deleteFrom(failures).where("number", "lte", param("number")).build();
const dropBefore = deleteFrom(failures).where("at", "lt", param("at")).build();
const select = sqlQuery<
  RowOf<typeof failures>,
  { operation: string | null; since: number; before: number; limit: number }
>(
  `SELECT number, at, operation, phase, transaction_id, code, message, duration_ms, findings
   FROM atlas_operation_failures
   WHERE (:operation IS NULL OR operation = :operation) AND at >= :since AND number < :before
   ORDER BY number DESC LIMIT :limit`,
);

/** Makes a failure log in the store of `transactions`. */
export function createOperationFailureLog(
  transactions: Pick<TransactionManager, "atomic" | "connection">,
  options: FailureLogOptions,
): OperationFailureLog {
  checkOptions<FailureLogOptions>("createOperationFailureLog", options, {
    dialect: "any",
    entriesMax: { min: 1, max: 1_000_000 },
    clock: "any",
  });
  const { dialect, entriesMax = failureLogDefaults.entriesMax, clock = Date.now } = options;
  const { connection } = transactions;
  return {
    prepare: () => ensureTables(transactions, dialect, { tables: [failures], indexes }),

    async record(report) {
      const row = { ...rowOf(report), at: clock() };
      await transactions.atomic(async (transaction) => {
        const { number = 0 } = (await transaction.get(insertFailure, row)) ?? {};
        await transaction.run(dropUpTo, { number: number - entriesMax });
      });
    },

    async query(filter = {}) {
      checkOptions<FailureFilter>("query", filter, {
        operation: "any",
        since: "any",
        before: "any",
        limit: { min: 1, max: 10_000 },
      });
      const { operation = null, since = 0, before = Number.MAX_SAFE_INTEGER, limit = 100 } = filter;
      return (await connection.all(select, { operation, since, before, limit })).map(failureOf);
    },

    async prune(before) {
      return (await connection.run(dropBefore, { at: before })).changes;
    },
  };
}

function rowOf(report: FailureReport): Omit<RowOf<typeof failures>, "number" | "at"> {
  const { error, findings } = report;
  const message = error === undefined ? (findings[0]?.message ?? "") : messageOf(error);
  return {
    operation: report.operation,
    phase: report.phase,
    transaction_id: report.transactionId,
    code: error === undefined ? "finding" : codeOf(error),
    message: message.slice(0, messageLengthMax),
    duration_ms: report.durationMs,
    findings: JSON.stringify(toJsonSafe(findings)),
  };
}

function codeOf(error: unknown): string {
  if (AtlasError.is(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something that is no error was thrown.";
}

function failureOf(row: RowOf<typeof failures>): OperationFailure {
  return {
    number: row.number,
    at: row.at,
    operation: row.operation,
    // Written by `record` only.
    phase: row.phase as FailurePhase,
    transactionId: row.transaction_id,
    code: row.code,
    message: row.message,
    durationMs: row.duration_ms,
    findings: JSON.parse(row.findings) as readonly RuleFinding[],
  };
}
