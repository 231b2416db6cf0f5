/** What a transaction that is not settled yet says about one key. */
interface Version<V> {
  readonly layer: object;
  /** Undefined: the key is not there. */
  value: V | undefined;
}

/** One change, with what it replaced: enough to undo it. */
interface Change<K, V> {
  readonly key: K;
  /** Undefined: the layer said nothing about the key before. */
  readonly before: { readonly value: V | undefined } | undefined;
}

/**
 * Uncommitted values by key. Transactions run one after the other but several
 * of them may wait for the same commit, so a key has a stack of versions: each
 * transaction sees what the one before it made of the key, whether or not that
 * is durable yet. If the earlier one is undone, so is every later one of the
 * same commit.
 *
 * @internal
 */
export class PendingVersions<K, V> {
  readonly #stacks = new Map<K, Version<V>[]>();

  /** The newest version. Its value is undefined when the key is not there any more. */
  newest(key: K): { readonly value: V | undefined; readonly layer: object } | undefined {
    return this.#stacks.get(key)?.at(-1);
  }

  /** The newest version of transactions before that of `layer`. */
  before(layer: object, key: K): { readonly value: V | undefined } | undefined {
    const stack = this.#stacks.get(key) ?? [];
    const own = stack.findIndex((version) => version.layer === layer);
    return own < 0 ? stack.at(-1) : stack[own - 1];
  }

  of(layer: object, key: K): V | undefined {
    return this.#stacks.get(key)?.find((version) => version.layer === layer)?.value;
  }

  keys(): Iterable<K> {
    return this.#stacks.keys();
  }

  /** Sets what `layer` says, which must belong to the transaction that runs. */
  put(layer: object, key: K, value: V | undefined): Change<K, V> {
    const stack = this.#stacks.get(key);
    const newest = stack?.at(-1);
    if (stack === undefined) this.#stacks.set(key, [{ layer, value }]);
    else if (newest?.layer !== layer) stack.push({ layer, value });
    else {
      const before = { value: newest.value };
      newest.value = value;
      return { key, before };
    }
    return { key, before: undefined };
  }

  remove(layer: object, key: K): void {
    const stack = this.#stacks.get(key);
    const at = stack?.findIndex((version) => version.layer === layer) ?? -1;
    if (stack === undefined || at < 0) return;
    if (stack.length === 1) this.#stacks.delete(key);
    else stack.splice(at, 1);
  }
}

/** The changes of one transaction, which can be undone back to any point. @internal */
export class Layer<K, V> {
  readonly #versions: PendingVersions<K, V>;
  readonly #log: Change<K, V>[] = [];

  constructor(versions: PendingVersions<K, V>) {
    this.#versions = versions;
  }

  get mark(): number {
    return this.#log.length;
  }

  put(key: K, value: V | undefined): void {
    this.#log.push(this.#versions.put(this, key, value));
  }

  undoTo(mark: number): void {
    for (const { key, before } of this.#log.splice(mark).toReversed())
      if (before === undefined) this.#versions.remove(this, key);
      else this.#versions.put(this, key, before.value);
  }

  /** What it says about each key that it has changed, in the order of the first changes. */
  changes(): ReadonlyMap<K, V | undefined> {
    const changes = new Map<K, V | undefined>();
    for (const { key } of this.#log) changes.set(key, this.#versions.of(this, key));
    return changes;
  }

  /** Takes everything it says out of sight: it is settled. */
  remove(): void {
    for (const { key } of this.#log) this.#versions.remove(this, key);
  }
}
