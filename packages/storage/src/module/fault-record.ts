import { checkOptions } from "@atlas/errors";
import type { ErrorPartOptions } from "./module-config.ts";
import type { ErrorModule, StorageFault, StorageModuleEvent } from "./storage-module.ts";

/** Events that tell of something that should not happen. */
const faults: ReadonlySet<StorageModuleEvent["type"]> = new Set([
  "sync_failed",
  "checkpoint_failed",
  "snapshot_expired",
  "unhealthy",
  "log_set_aside",
  "second_level_failed",
  "memory_consumer_failed",
  "backup_failed",
  "prune_failed",
  "disk_full",
  "disk_unknown",
  "maintenance_failed",
]);

/** Keeps the newest faults and counts all of them. */
export class FaultRecord implements ErrorModule {
  readonly #max: number;
  readonly #now: () => number;
  readonly #recent: StorageFault[] = [];
  readonly #counts = new Map<StorageFault["type"], number>();

  constructor(options: ErrorPartOptions, now: () => number) {
    checkOptions<ErrorPartOptions>('the part "error" of openStorageModule', options, {
      faultsMax: { min: 1, max: 10_000 },
    });
    this.#max = options.faultsMax ?? 100;
    this.#now = now;
  }

  record(event: StorageModuleEvent): void {
    const { type } = event;
    if (!faults.has(type)) return;
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    this.#recent.push({ type, at: this.#now(), error: "error" in event ? event.error : undefined });
    if (this.#recent.length > this.#max) this.#recent.shift();
  }

  recent(): readonly StorageFault[] {
    return [...this.#recent];
  }

  counts(): ReadonlyMap<StorageFault["type"], number> {
    return new Map(this.#counts);
  }
}
