import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectories } from "./stage-file.ts";

/**
 * Directories that open transactions have made. One goes when the last
 * transaction that relied on it was undone, and stays for good when one of them
 * was committed, in whatever order they end. Making and removing take turns, so
 * that nobody finds a directory that is about to go.
 *
 * @internal
 */
export class MadeDirectories {
  /** Who relies on what was made. What was there before anybody is not in it. */
  readonly #users = new Map<string, Set<object>>();
  #tail: Promise<unknown> = Promise.resolve();

  /** Makes a directory unless it is there; until `release` of `user` no transaction removes it. */
  use(directory: string, user: object): Promise<void> {
    return this.#inTurn(async () => {
      for (const made of await makeDirectories(directory))
        if (!this.#users.has(made)) this.#users.set(made, new Set());
      for (let at = directory; at !== dirname(at); at = dirname(at)) this.#users.get(at)?.add(user);
    });
  }

  /** `user` has ended. Directories in `kept` hold what it has committed. */
  release(user: object, kept: Iterable<string>): Promise<void> {
    if (this.#users.size === 0) return Promise.resolve();
    return this.#inTurn(async () => {
      for (const directory of kept) this.#users.delete(directory);
      const innermostFirst = [...this.#users].sort(([a], [b]) => b.length - a.length);
      for (const [directory, users] of innermostFirst) {
        if (!users.delete(user) || users.size > 0) continue;
        this.#users.delete(directory);
        // Somebody else may have put something there, or removed it.
        await rmdir(directory).catch(() => undefined);
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
