import { AtlasError } from "@atlas/errors";
import type { TableSet } from "../change-feed.ts";

/**
 * What a transaction knows of damaged indexes: whether it has met one, and how
 * far back it has to go then.
 *
 * Invariant: every savepoint that is open was set before the damage was met,
 * because none is set afterwards. So going back to any of them undoes it.
 */
export class IndexDoubt {
  /** The savepoints that are open, the outermost first. */
  readonly #savepoints: string[] = [];
  readonly #searched = new Set<TableSet>();
  #damage: AtlasError | undefined;

  get wroteSearch(): boolean {
    return this.#searched.size > 0;
  }

  /** Tables whose search indexes were written, as far as they can be named. */
  get searched(): ReadonlySet<string> {
    const known = [...this.#searched].filter((tables) => tables !== "all");
    return new Set(known.flatMap((tables) => [...tables]));
  }

  /** True when there is a savepoint that undoes what met the damage. */
  get mayGoBack(): boolean {
    return this.#savepoints.length > 0;
  }

  searchWritten(tables: TableSet): void {
    this.#searched.add(tables);
  }

  spoil(damage: AtlasError): void {
    this.#damage ??= damage;
  }

  /** @throws {AtlasError} index.corrupt when damage was met and not undone. */
  refuse(): void {
    if (this.#damage === undefined) return;
    const { code, message } = this.#damage;
    // A fresh error per use: its stack shows who went on.
    throw new AtlasError(code, message, { ...this.#damage.toJSON(), cause: this.#damage.cause });
  }

  savepointSet(name: string): void {
    this.#savepoints.push(name);
  }

  /** It was released before any damage, or the transaction went back to it. */
  savepointEnded(name: string): void {
    const at = this.#savepoints.lastIndexOf(name);
    if (at >= 0) this.#savepoints.length = at;
    this.#damage = undefined;
  }

  /** The transaction has ended. */
  end(): void {
    this.#savepoints.length = 0;
    // Also an empty set makes a new table when it is cleared.
    if (this.#searched.size > 0) this.#searched.clear();
    this.#damage = undefined;
  }
}
