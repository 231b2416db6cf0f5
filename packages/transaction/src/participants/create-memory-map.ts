import { checkOptions } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import { readonlyError } from "../frame.ts";
import type { Participant } from "../participant.ts";
import type { Transaction, TransactionManager } from "../transaction.ts";
import { type MemoryMap, memoryMapDefaults, type MemoryMapOptions } from "./memory-map.ts";
import { Layer, PendingVersions } from "./pending-versions.ts";
import { frozenCopy } from "./plain-value.ts";

/** Creates an empty map that takes part in the transactions of a manager. */
export function createMemoryMap<K extends string | number, V>(
  transactions: Pick<TransactionManager, "current">,
  options: MemoryMapOptions = {},
): MemoryMap<K, V> {
  checkOptions<MemoryMapOptions>("createMemoryMap", options, {
    sizeMax: { min: 1, max: 10_000_000 },
  });
  return new TransactionalMap(transactions, options.sizeMax ?? memoryMapDefaults.sizeMax);
}

/** What one transaction sees and does. */
interface View<K, V> extends Participant {
  readonly get: (key: K) => V | undefined;
  readonly has: (key: K) => boolean;
  readonly entries: () => readonly (readonly [K, V])[];
  readonly size: () => number;
  /** Undefined takes the key away. */
  readonly put: (key: K, entry: { readonly value: V } | undefined) => void;
}

class TransactionalMap<K extends string | number, V> implements MemoryMap<K, V> {
  readonly #transactions: Pick<TransactionManager, "current">;
  readonly #sizeMax: number;
  readonly #pending = new PendingVersions<K, { readonly value: V }>();
  /** Never changed while `#shared`: somebody keeps it as a snapshot. */
  #committed = new Map<K, V>();
  #shared = false;
  /** Keys that the running transaction sees. */
  #size = 0;
  #lost = false;

  constructor(transactions: Pick<TransactionManager, "current">, sizeMax: number) {
    this.#transactions = transactions;
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#view()?.size() ?? this.#committed.size;
  }

  get(key: K): V | undefined {
    const view = this.#view();
    return view === undefined ? this.#committed.get(key) : view.get(key);
  }

  has(key: K): boolean {
    return this.#view()?.has(key) ?? this.#committed.has(key);
  }

  entries(): readonly (readonly [K, V])[] {
    return this.#view()?.entries() ?? [...this.#committed];
  }

  set(key: K, value: V): void {
    const view = this.#requireView();
    const entry = { value: frozenCopy(value) };
    if (this.#size >= this.#sizeMax && !view.has(key)) throw full(this.#sizeMax);
    view.put(key, entry);
  }

  delete(key: K): boolean {
    const view = this.#requireView();
    if (!view.has(key)) return false;
    view.put(key, undefined);
    return true;
  }

  reset(entries: Iterable<readonly [K, V]>): void {
    if (this.#transactions.current() !== undefined) throw insideTransaction();
    const fresh = new Map<K, V>();
    for (const [key, value] of entries) fresh.set(key, frozenCopy(value));
    if (fresh.size > this.#sizeMax) throw full(this.#sizeMax);
    this.#committed = fresh;
    this.#shared = false;
    this.#lost = false;
    this.#size = this.#countSeen();
  }

  #view(): View<K, V> | undefined {
    if (this.#lost) throw lost();
    const transaction = this.#transactions.current();
    if (transaction === undefined) return undefined;
    // Only this map makes participants under itself as the key.
    return transaction.enlist(this, () => this.#join(transaction)) as View<K, V>;
  }

  #requireView(): View<K, V> {
    const view = this.#view();
    if (view !== undefined) return view;
    throw transactionError(
      "transaction.required",
      "A map in memory is changed together with the database. Call it inside `atomic`.",
      { txState: "none" },
    );
  }

  #join(transaction: Transaction): View<K, V> {
    return transaction.readonly ? this.#snapshot() : this.#writable();
  }

  #snapshot(): View<K, V> {
    this.#shared = true;
    const seen = this.#committed;
    return {
      get: (key) => seen.get(key),
      has: (key) => seen.has(key),
      entries: () => [...seen],
      size: () => seen.size,
      put: () => {
        throw readonlyError();
      },
      mark: () => 0,
      undoTo: nothing,
      committed: nothing,
      rolledBack: nothing,
    };
  }

  #writable(): View<K, V> {
    const layer = new Layer(this.#pending);
    const drop = (): void => {
      if (layer.mark === 0) return;
      layer.remove();
      this.#size = this.#countSeen();
    };
    return {
      get: (key) => this.#seen(key)?.value,
      has: (key) => this.#seen(key) !== undefined,
      entries: () => this.#entriesSeen(),
      size: () => this.#size,
      put: (key, entry) => {
        const before = this.#seen(key) === undefined ? 0 : 1;
        layer.put(key, entry);
        this.#size += (entry === undefined ? 0 : 1) - before;
      },
      mark: () => layer.mark,
      undoTo: (mark) => {
        if (layer.mark === mark) return;
        layer.undoTo(mark);
        this.#size = this.#countSeen();
      },
      committed: () => {
        this.#apply(layer.changes());
        layer.remove();
      },
      rolledBack: drop,
      unknown: () => {
        this.#lost ||= layer.mark > 0;
        drop();
      },
    };
  }

  /** What the running transaction sees. */
  #seen(key: K): { readonly value: V } | undefined {
    const pending = this.#pending.newest(key);
    if (pending !== undefined) return pending.value;
    const value = this.#committed.get(key);
    return value === undefined && !this.#committed.has(key) ? undefined : { value: value as V };
  }

  #entriesSeen(): readonly (readonly [K, V])[] {
    const seen = new Map(this.#committed);
    for (const key of this.#pending.keys()) {
      const value = this.#seen(key);
      if (value === undefined) seen.delete(key);
      else seen.set(key, value.value);
    }
    return [...seen];
  }

  #countSeen(): number {
    let count = this.#committed.size;
    for (const key of this.#pending.keys())
      count += (this.#seen(key) === undefined ? 0 : 1) - (this.#committed.has(key) ? 1 : 0);
    return count;
  }

  /** Copies first when somebody keeps what is there. */
  #apply(changes: ReadonlyMap<K, { readonly value: V } | undefined>): void {
    if (changes.size === 0) return;
    if (this.#shared) this.#committed = new Map(this.#committed);
    this.#shared = false;
    for (const [key, change] of changes)
      if (change === undefined) this.#committed.delete(key);
      else this.#committed.set(key, change.value);
  }
}

function nothing(): void {
  // A snapshot changes nothing, so there is nothing to undo or to apply.
}

function full(sizeMax: number): Error {
  return transactionError(
    "transaction.participant_full",
    `The map already holds ${sizeMax} keys. Delete some, or allow more with \`sizeMax\`.`,
    { details: { sizeMax } },
  );
}

function insideTransaction(): Error {
  return transactionError(
    "transaction.already_active",
    "A map is reset outside transactions only. Use `set` and `delete` inside one.",
    { txState: "active" },
  );
}

function lost(): Error {
  return transactionError(
    "transaction.outcome_unknown",
    "The device did not confirm a commit that changed this map. Read from the database what is " +
      "stored and `reset` the map.",
    { txState: "unknown" },
  );
}
