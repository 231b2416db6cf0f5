/** A name that a holder has for itself until it runs out, across processes. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Greater than that of every lease given out before in this store, whatever its name. */
  readonly token: number;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** How long a lease is asked for. */
export interface LeaseTerm {
  /** In milliseconds, 1 to 86,400,000. Default: the table's `ttlMs`. */
  readonly ttlMs?: number;
}

/** Leases kept in the store, for work of which one process at a time may do each. */
export interface LeaseTable {
  /** Creates the table when it is missing. Safe in several processes at once. */
  prepare(): Promise<void>;
  /**
   * Takes the name when nobody has it or the lease of who had it has run out;
   * undefined when somebody else has it. A holder that asks again gets a new
   * lease, and its old one is lost: so a process that comes back under its old
   * name need not wait for what it held before.
   */
  acquire(name: string, holder: string, term?: LeaseTerm): Promise<Lease | undefined>;
  /**
   * Answers with the same lease and a later end. One that has run out is renewed
   * too as long as nobody else has taken the name.
   *
   * @throws {AtlasError} transaction.lease_lost
   */
  renew(lease: Lease, term?: LeaseTerm): Promise<Lease>;
  /** Gives the name back. Harmless when the lease was lost. */
  release(lease: Lease): Promise<void>;
  /**
   * Makes sure, in the transaction of the write that the lease protects, that
   * nobody else has the name now. It compares tokens, not times: a lease that
   * has run out but was taken by nobody still protects, and one that was taken
   * protects no more, whatever the clocks say. Who takes it later has to wait
   * for this transaction.
   *
   * @throws {AtlasError} transaction.lease_lost; transaction.required outside a transaction.
   */
  assertHeld(lease: Lease): Promise<void>;
  /** Leases that have not run out, oldest first. */
  list(options?: { readonly limit?: number }): Promise<readonly Lease[]>;
}
