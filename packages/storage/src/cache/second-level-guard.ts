import type { CacheEvent, SecondLevelFailedEvent } from "./cache-event.ts";
import { covers, type Invalidation } from "./invalidation.ts";
import type {
  SecondLevelAnswer,
  SecondLevelCache,
  SecondLevelSetOptions,
} from "./second-level-cache.ts";

/** What the guard needs of its cache. */
export interface SecondLevelGuardOptions {
  readonly level: SecondLevelCache;
  readonly timeoutMs: number;
  /** Milliseconds between attempts to clear a level that missed an invalidation. */
  readonly retryMs: number;
  readonly clock: () => number;
  readonly emit: (event: CacheEvent) => void;
}

/**
 * Stands before a second level that may fail, hang or be behind. A key that an
 * invalidation on its way covers is not asked for. When an invalidation fails
 * nobody knows what the level holds: then it is not asked at all until a
 * `clear` has succeeded.
 */
export class SecondLevelGuard {
  readonly #options: SecondLevelGuardOptions;
  readonly #pending = new Set<Invalidation>();
  #suspended = false;
  #clearing = false;
  /** An invalidation came while it was being cleared, and may be later than the clearing. */
  #missedWhileClearing = false;
  #retryAt = 0;

  constructor(options: SecondLevelGuardOptions) {
    this.#options = options;
  }

  /** What the level says; undefined when it may not be asked or does not answer. */
  async get(
    key: string,
    tags: readonly string[] | undefined,
  ): Promise<SecondLevelAnswer | undefined> {
    if (!this.#usable()) return undefined;
    for (const pending of this.#pending) if (covers(pending, key, tags)) return undefined;
    try {
      return await this.#inTime(this.#options.level.get(key, tags ?? []));
    } catch (error) {
      this.#failed("get", error);
      return undefined;
    }
  }

  /** Sends a value; its ticket sees to it that it is not kept too late. */
  async set(key: string, value: unknown, options: SecondLevelSetOptions): Promise<void> {
    if (!this.#usable()) return;
    try {
      await this.#inTime(this.#options.level.set(key, value, options));
    } catch (error) {
      this.#failed("set", error);
    }
  }

  /** Sends an invalidation. From this call on, what it covers is not asked for. */
  async invalidate(invalidation: Invalidation): Promise<void> {
    if (this.#suspended) {
      this.#missedWhileClearing = true;
      return;
    }
    this.#pending.add(invalidation);
    try {
      await this.#inTime(this.#send(invalidation));
    } catch (error) {
      this.#suspended = true;
      this.#retryAt = this.#options.clock() + this.#options.retryMs;
      this.#failed("invalidate", error);
    } finally {
      this.#pending.delete(invalidation);
    }
  }

  #send(invalidation: Invalidation): Promise<void> {
    const { level } = this.#options;
    switch (invalidation.kind) {
      case "key":
        return level.delete(invalidation.key);
      case "pattern":
        return level.invalidate(invalidation.pattern);
      case "tags":
        return level.invalidateTags([...invalidation.tags]);
      case "all":
        return level.clear();
    }
  }

  #usable(): boolean {
    if (!this.#suspended) return true;
    if (!this.#clearing && this.#options.clock() >= this.#retryAt) void this.#restore();
    return false;
  }

  async #restore(): Promise<void> {
    this.#clearing = true;
    try {
      do {
        this.#missedWhileClearing = false;
        await this.#inTime(this.#options.level.clear());
      } while (this.#missedWhileClearing);
      this.#suspended = false;
      this.#options.emit({ type: "second_level_restored" });
    } catch (error) {
      this.#retryAt = this.#options.clock() + this.#options.retryMs;
      this.#failed("clear", error);
    } finally {
      this.#clearing = false;
    }
  }

  #failed(operation: SecondLevelFailedEvent["operation"], error: unknown): void {
    const suspended = this.#suspended;
    this.#options.emit({ type: "second_level_failed", operation, error, suspended });
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`The second level did not answer within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    timer.unref();
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
