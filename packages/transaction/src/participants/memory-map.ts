/**
 * Values in memory that change with the database: all of a transaction's
 * changes to them happen when it is durable, or none.
 *
 * What is seen:
 * - A transaction that writes sees its own changes on top of those of the
 *   transactions before it, exactly as it sees rows.
 * - Code outside sees what was committed and is durable. The changes of one
 *   transaction to any number of maps appear in one synchronous step, in the
 *   order of commits, before its caller is told. So code that does not wait
 *   between two reads sees one state of all maps.
 * - A read-only transaction sees each map as it was when it first looked at it,
 *   until it ends. Maps first looked at without a wait in between are of one
 *   state. That state is never older than what was acknowledged before; rows
 *   may already show a transaction that the maps do not, as everywhere outside.
 *
 * Values go in as deep copies and are frozen, so what comes out is shared and
 * cannot be changed.
 */
export interface MemoryMap<K extends string | number, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  /** A list of its own, in no particular order. */
  entries(): readonly (readonly [K, V])[];
  /**
   * @throws {AtlasError} transaction.required outside a transaction; transaction.readonly inside
   * a read-only one; transaction.value_unsupported when the value cannot be frozen;
   * transaction.participant_full when there is no room for another key.
   */
  set(key: K, value: V): void;
  /** True when the key was there. */
  delete(key: K): boolean;
  /**
   * Replaces everything, outside any transaction: to fill the map at the start,
   * and after an unknown outcome, when every other call is refused with
   * `transaction.outcome_unknown`, because nobody but the database knows what
   * was committed.
   */
  reset(entries: Iterable<readonly [K, V]>): void;
}

/** How much a map holds. */
export interface MemoryMapOptions {
  /** Keys, uncommitted ones included, 1 to 10,000,000. Default: 100,000. */
  readonly sizeMax?: number;
}

/** What a map does unless told otherwise. */
export const memoryMapDefaults: { readonly sizeMax: 100_000 } = Object.freeze({
  sizeMax: 100_000,
});
