import type { Lease, LeaseTable } from "../locks/lease-table.ts";

/** A lease that is renewed until it is dropped. @internal */
export interface KeptLease extends AsyncDisposable {
  readonly lease: Lease;
  /** Fires when somebody else has it. */
  readonly lost: AbortSignal;
}

/** Renewals within the time of a lease. */
const renewalsPerTerm = 3;

/** @internal */
export function keepLease(leases: LeaseTable, lease: Lease, ttlMs: number): KeptLease {
  const lost = new AbortController();
  let renewing: Promise<void> | undefined;
  const renew = (): void => {
    // One that waits for the writer is as good as the next.
    renewing ??= leases
      .renew(lease)
      .then(
        () => undefined,
        (error: unknown) => {
          // A store that is busy is asked again; only a lost lease ends the work.
          if (isLost(error)) lost.abort(error);
        },
      )
      .finally(() => {
        renewing = undefined;
      });
  };
  const timer = setInterval(renew, ttlMs / renewalsPerTerm);
  timer.unref();
  return {
    lease,
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
      // What cannot be released now runs out by itself.
      await leases.release(lease).catch(() => undefined);
    },
  };
}

function isLost(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "transaction.lease_lost";
}
