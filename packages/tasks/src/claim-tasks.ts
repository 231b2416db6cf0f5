import { sqlQuery } from "@atlas/storage";
import { taskError } from "./errors.ts";
import { followStatus } from "./maintain.ts";
import { blocked, leased, leaseExpired } from "./refusals.ts";
import { isClosed } from "./status-machine.ts";
import type { HeldClaim, TaskReference } from "./task-input.ts";
import { dependenciesOf, logChanges, requireRow, rowQuery, type TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { imageOf, leaseOf, statusOf } from "./task-view.ts";
import { updateState } from "./task-writes.ts";
import type { SettableStatus } from "./task.ts";

/** Who is written into the history when a lease ran out. */
const expiryActor = "atlas (lease expired)";
/** Expired leases taken back by one claim; the rest comes with the next. */
const expiredMax = 100;

const expired = rowQuery<{ now: number; limit: number }>(
  `WHERE lease_expires_at IS NOT NULL AND lease_expires_at <= :now
   ORDER BY lease_expires_at LIMIT :limit`,
);
const extendLease = sqlQuery<never, { id: string; lease_expires_at: number }>(
  "UPDATE tasks SET lease_expires_at = :lease_expires_at WHERE id = :id",
);

/**
 * Makes tasks whose lease has run out pending again: their holder is dead or
 * too late, and the token that it has no longer fits.
 *
 * @internal
 */
export async function returnExpired(store: TaskStore): Promise<void> {
  const rows = await store.connection.all(expired, { now: store.clock(), limit: expiredMax });
  const pending = { status: "pending", holder: null, expiresAt: null } as const;
  for (const row of rows) await changeLease(store, row, { ...pending, actor: expiryActor });
}

/** @internal */
export async function claimRow(store: TaskStore, row: TaskRow, leaseMs: number): Promise<void> {
  const expiresAt = store.clock() + leaseMs;
  await changeLease(store, row, { status: "in_progress", holder: store.actor, expiresAt });
}

/** @throws {AtlasError} task.leased, task.blocked, task.not_claimable @internal */
export async function claimNamed(
  store: TaskStore,
  reference: TaskReference,
  leaseMs: number,
): Promise<string> {
  const row = await requireRow(store, reference);
  if (leaseOf(row, store.clock()) !== null) throw leased(row);
  if (row.type === "group" || isClosed(statusOf(row)) || row.unfinished_children > 0)
    throw notClaimable(row);
  if (row.blockers > 0) throw blocked(row, "claimed");
  await claimRow(store, row, leaseMs);
  return row.id;
}

/** @throws {AtlasError} task.lease_expired @internal */
export async function renewClaim(
  store: TaskStore,
  claim: HeldClaim,
  leaseMs: number,
): Promise<string> {
  const row = await requireHeld(store, claim);
  // No version and no history: nothing about the task has changed.
  const lease_expires_at = store.clock() + leaseMs;
  await store.connection.run(extendLease, { id: row.id, lease_expires_at });
  return row.id;
}

/** @throws {AtlasError} task.lease_expired @internal */
export async function releaseClaim(store: TaskStore, claim: HeldClaim): Promise<string> {
  const row = await requireHeld(store, claim);
  await changeLease(store, row, { status: "pending", holder: null, expiresAt: null });
  return row.id;
}

async function requireHeld(store: TaskStore, claim: HeldClaim): Promise<TaskRow> {
  const row = await requireRow(store, claim.task);
  if (leaseOf(row, store.clock())?.token !== claim.lease) throw leaseExpired(row);
  return row;
}

interface LeaseChange {
  readonly status: SettableStatus;
  readonly holder: string | null;
  readonly expiresAt: number | null;
  readonly actor?: string;
}

async function changeLease(store: TaskStore, row: TaskRow, change: LeaseChange): Promise<void> {
  const claimed = change.holder !== null;
  const next = {
    ...row,
    status: change.status,
    lease_holder: change.holder,
    lease_expires_at: change.expiresAt,
    lease_token: row.lease_token + (claimed ? 1 : 0),
    updated_at: store.clock(),
    version: row.version + 1,
  };
  await store.connection.run(updateState, next);
  const dependencies = await dependenciesOf(store, row.id);
  await logChanges(store, [
    {
      key: row.id,
      before: imageOf(row, dependencies),
      after: imageOf(next, dependencies),
      ...(change.actor === undefined ? {} : { actor: change.actor }),
    },
  ]);
  if (change.status !== row.status) await followStatus(store, row, change.status);
}

function notClaimable(row: TaskRow): Error {
  return taskError(
    "task.not_claimable",
    `"${row.path}" ${hindrance(row)}, so there is nothing to work on. Take work that is ready.`,
    { details: { task: row.path, status: row.status } },
  );
}

function hindrance(row: TaskRow): string {
  if (row.type === "group") return "is a group";
  if (isClosed(statusOf(row))) return `is ${row.status}`;
  return `waits for ${row.unfinished_children} unfinished tasks directly below it`;
}
