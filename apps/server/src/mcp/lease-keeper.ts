/**
 * Keeps the leases of one client alive for as long as the client is.
 *
 * A stdio server has exactly one client and ends with it. So a claim made here
 * without a time of its own gets a short lease that is renewed while the
 * process lives: the tasks of a dead agent come back within seconds, and a slow
 * living one never loses its own. Completing, failing or releasing a task ends
 * its lease, and with it the renewing.
 */
import { AtlasError } from "@atlas/errors";
import type { HeldClaim, TaskManager } from "@atlas/tasks";
import type { LeasePolicy } from "../tools/tool.ts";

/** How leases are kept. */
export interface LeaseKeeperOptions {
  /** Milliseconds that a claim holds; it is renewed after a third of that. */
  readonly leaseMs: number;
  readonly tasks: () => Promise<TaskManager>;
  /** Hears of renewals that failed for a reason other than a lease that ended. */
  readonly onFailure: (error: unknown) => void;
}

/** A policy with a heartbeat; disposing stops it and lets the leases run out. */
export interface LeaseKeeper extends LeasePolicy, Disposable {
  /** Renews every lease that is held, now. */
  renewAll(): Promise<void>;
  /** Leases that are renewed. */
  readonly count: number;
}

/** Errors that say for certain that a lease is gone. */
const goneCodes: readonly string[] = ["task.lease_expired", "task.not_found"];

/** Starts the heartbeat with the first claim. */
export function createLeaseKeeper({ leaseMs, tasks, onFailure }: LeaseKeeperOptions): LeaseKeeper {
  const tokens = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  const renewOne = async (manager: TaskManager, claim: HeldClaim): Promise<void> => {
    try {
      await manager.renew([claim], { leaseMs });
    } catch (error) {
      if (!AtlasError.is(error) || !goneCodes.includes(error.code)) throw error;
      // A claim made meanwhile has a newer token, and that one stays.
      if (tokens.get(claim.task) === claim.lease) tokens.delete(claim.task);
    }
  };
  const renewAll = async (): Promise<void> => {
    const claims = [...tokens].map(([task, lease]) => ({ task, lease }));
    if (claims.length === 0) return;
    try {
      const manager = await tasks();
      // One by one, in one event-loop turn: they share a commit, and one that
      // is gone does not keep the others from being renewed.
      await Promise.all(claims.map((claim) => renewOne(manager, claim)));
    } catch (error) {
      onFailure(error);
    }
  };
  return {
    leaseMs,
    held(claimed) {
      for (const { id, lease } of claimed) if (lease !== null) tokens.set(id, lease.token);
      timer ??= setInterval(() => void renewAll(), leaseMs / 3);
      // The heartbeat alone must not keep the process of a gone client alive.
      timer.unref();
    },
    ownTime(claimed) {
      for (const { id } of claimed) tokens.delete(id);
    },
    seen(changed) {
      for (const { id, lease } of changed)
        if (lease === null || lease.token !== tokens.get(id)) tokens.delete(id);
    },
    renewAll,
    get count() {
      return tokens.size;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      tokens.clear();
    },
  };
}

/** A policy without a heartbeat, for clients that come and go. */
export function fixedLeases(leaseMs: number): LeasePolicy {
  const ignore = (): void => {};
  return { leaseMs, held: ignore, ownTime: ignore, seen: ignore };
}
