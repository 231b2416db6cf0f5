import { checkOptions } from "@atlas/errors";
import {
  defineTable,
  deleteFrom,
  type Dialect,
  from,
  insertInto,
  param,
  sqlQuery,
  type Table,
  updateTable,
} from "@atlas/storage";
import { transactionError } from "../errors.ts";
import type { TransactionManager } from "../transaction.ts";
import { ensureTables } from "../ensure-tables.ts";
import type { Lease, LeaseTable, LeaseTerm } from "./lease-table.ts";

/** How a lease table works. */
export interface LeaseTableOptions {
  /** Of the store of the transactions. */
  readonly dialect: Dialect;
  /** Time after which a lease that is not renewed may be taken, in milliseconds, 1 to 86,400,000. Default: 30,000. */
  readonly ttlMs?: number;
  /** Milliseconds since the epoch, about the same in all processes. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What a lease table does unless told otherwise. */
export const leaseTableDefaults: { readonly ttlMs: 30_000 } = Object.freeze({ ttlMs: 30_000 });

const ttlRange = { min: 1, max: 86_400_000 } as const;
const listMax = 10_000;

const columns = {
  token: { type: "integer", increments: true },
  name: { type: "text" },
  holder: { type: "text" },
  expires_at: { type: "integer" },
} as const;

/**
 * A row is a lease, and its key the fencing token: the database never gives a
 * number twice, also after the row is gone, so nothing has to be kept for names
 * that nobody holds.
 */
const leases: Table<typeof columns> = defineTable("atlas_leases", {
  columns,
  primaryKey: ["token"],
  unique: [["name"]],
});

const dropEnded = sqlQuery<never, { name: string; holder: string; now: number }>(
  "DELETE FROM atlas_leases WHERE name = :name AND (expires_at <= :now OR holder = :holder)",
);
const insertLease = insertInto(leases)
  .columns("name", "holder", "expires_at")
  .ignoreConflicts()
  .returning("token")
  .build();
const extend = updateTable(leases)
  .set({ expires_at: param("expiresAt") })
  .where("token", "eq", param("token"))
  .build();
const drop = deleteFrom(leases).where("token", "eq", param("token")).build();
const find = from(leases).select("token").where("token", "eq", param("token")).build();
const alive = from(leases)
  .select("token", "name", "holder", "expires_at")
  .where("expires_at", "gt", param("now"))
  .orderBy("token")
  .limit(listMax)
  .build();

/** What the table needs of a manager. */
export type LeaseTransactions = Pick<TransactionManager, "atomic" | "connection" | "current">;

/** Makes a table of leases in the store of `transactions`. */
export function createLeaseTable(
  transactions: LeaseTransactions,
  options: LeaseTableOptions,
): LeaseTable {
  checkOptions<LeaseTableOptions>("createLeaseTable", options, {
    dialect: "any",
    ttlMs: ttlRange,
    clock: "any",
  });
  const { dialect, ttlMs: defaultTtlMs = leaseTableDefaults.ttlMs, clock = Date.now } = options;
  const { connection } = transactions;
  const endOf = (term: LeaseTerm = {}): number => {
    checkOptions<LeaseTerm>("acquire", term, { ttlMs: ttlRange });
    return clock() + (term.ttlMs ?? defaultTtlMs);
  };
  return {
    prepare: () => ensureTables(transactions, dialect, { tables: [leases] }),

    async acquire(name, holder, term) {
      const expires_at = endOf(term);
      return transactions.atomic(async (transaction) => {
        await transaction.run(dropEnded, { name, holder, now: clock() });
        const row = await transaction.get(insertLease, { name, holder, expires_at });
        return row && { name, holder, token: row.token, expiresAt: expires_at };
      });
    },

    async renew(lease, term) {
      const expiresAt = endOf(term);
      const { changes } = await connection.run(extend, { token: lease.token, expiresAt });
      if (changes === 0) throw leaseLost(lease);
      return { ...lease, expiresAt };
    },

    async release({ token }) {
      await connection.run(drop, { token });
    },

    async assertHeld(lease) {
      if (transactions.current() === undefined) throw outsideTransaction();
      if ((await connection.get(find, { token: lease.token })) === undefined)
        throw leaseLost(lease);
    },

    async list({ limit = 100 } = {}) {
      checkOptions<{ limit?: number }>("list", { limit }, { limit: { min: 1, max: listMax } });
      const rows = await connection.all(alive, { now: clock() });
      return rows.slice(0, limit).map(({ token, name, holder, expires_at }) => ({
        token,
        name,
        holder,
        expiresAt: expires_at,
      }));
    },
  };
}

function leaseLost({ name, token }: Lease): Error {
  return transactionError(
    "transaction.lease_lost",
    `The lease ${token} of "${name}" is not valid any more: it was released, or it ran out and ` +
      "somebody else has taken the name. Stop the work that it protects.",
    { details: { name, token } },
  );
}

function outsideTransaction(): Error {
  return transactionError(
    "transaction.required",
    "A lease protects only what is written in the transaction that checks it. Call `assertHeld` " +
      "inside `atomic`.",
    { txState: "none" },
  );
}
