import { checkOptions } from "@atlas/errors";
import { storageError } from "../errors.ts";
import { divideBudget } from "./divide-budget.ts";
import type { MemoryConsumer } from "./memory-consumer.ts";
import type {
  MemoryEvent,
  MemoryManager,
  MemoryPressure,
  MemoryReading,
  MemoryStatus,
} from "./memory-manager.ts";
import { readMemory, usedPart } from "./read-memory.ts";

/** How {@link createMemoryManager} watches memory. */
export interface MemoryManagerOptions {
  /** Who is given memory, up to 100. */
  readonly consumers: readonly MemoryConsumer[];
  /**
   * What all of them may hold together, from 1 MiB. Default: a quarter of what
   * the control group, or else the machine, allows.
   */
  readonly budgetBytes?: number;
  /** Milliseconds between looks, up to 3,600,000; 0 for none but `check`. Default: 1,000. */
  readonly everyMs?: number;
  /** Used percent of a limit from which pressure is medium, 1 to 100. Default: 75. */
  readonly mediumPercent?: number;
  /** Used percent of a limit from which pressure is critical, 1 to 100. Default: 90. */
  readonly criticalPercent?: number;
  /** Looks at memory. Default: at this process, its control group and the machine. */
  readonly read?: () => MemoryReading;
  /** Receives what happens. Errors it throws are ignored. Default: nobody does. */
  readonly onEvent?: (event: MemoryEvent) => void;
}

/** Most consumers of one manager. */
const consumersMax = 100;

/** Part of the memory that may be used, which caches are given. */
const budgetPart = 0.25;

/** Pressure goes down only when so much less is used than where it went up. */
const hysteresis = 0.05;

/** What consumers keep of their share. */
const keptParts: Readonly<Record<MemoryPressure, number>> = {
  low: 1,
  medium: 0.5,
  critical: 0.125,
};

/**
 * Begins to watch memory, and gives each consumer its share. The timer does not
 * keep the process alive.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createMemoryManager(options: MemoryManagerOptions): MemoryManager {
  checkOptions<MemoryManagerOptions>("createMemoryManager", options, {
    consumers: "any",
    budgetBytes: { min: 1024 ** 2, max: Number.MAX_SAFE_INTEGER },
    everyMs: { min: 0, max: 3_600_000 },
    mediumPercent: { min: 1, max: 100 },
    criticalPercent: { min: 1, max: 100 },
    read: "any",
    onEvent: "any",
  });
  checkConsumers(options.consumers);
  return new WatchingManager(options);
}

class WatchingManager implements MemoryManager {
  readonly #read: () => MemoryReading;
  readonly #emit: (event: MemoryEvent) => void;
  readonly #levels: { readonly medium: number; readonly critical: number };
  readonly #budgetBytes: number;
  readonly #shares: ReadonlyMap<MemoryConsumer, number>;
  readonly #limits = new Map<MemoryConsumer, number>();
  readonly #timer: NodeJS.Timeout | undefined;
  #pressure: MemoryPressure = "low";
  #part = 1;
  #reading: MemoryReading;
  #closed = false;

  constructor(options: MemoryManagerOptions) {
    const { mediumPercent = 75, criticalPercent = 90, everyMs = 1_000 } = options;
    this.#read = options.read ?? (() => readMemory());
    this.#emit = emitterOf(options.onEvent);
    this.#levels = { medium: mediumPercent / 100, critical: criticalPercent / 100 };
    this.#reading = this.#read();
    this.#budgetBytes = options.budgetBytes ?? defaultBudget(this.#reading);
    this.#shares = divideBudget(this.#budgetBytes, options.consumers);
    this.check();
    if (everyMs > 0) this.#timer = setInterval(() => this.check(), everyMs).unref();
  }

  status(): MemoryStatus {
    return {
      pressure: this.#pressure,
      used: usedPart(this.#reading),
      reading: this.#reading,
      budgetBytes: this.#budgetBytes,
      consumers: [...this.#shares.keys()].map((consumer) => ({
        name: consumer.name,
        limitBytes: this.#limits.get(consumer) ?? 0,
        bytes: consumer.bytes(),
      })),
    };
  }

  check(): MemoryStatus {
    if (this.#closed) throw storageError("storage.closed", "The memory manager is closed.");
    this.#reading = this.#read();
    const used = usedPart(this.#reading);
    const before = this.#pressure;
    this.#pressure = this.#pressureAt(used);
    const allowed = keptParts[this.#pressure];
    // At once downwards, step by step upwards, so that it does not swing.
    this.#part = allowed < this.#part ? allowed : Math.min(allowed, this.#part * 2);
    if (before !== this.#pressure)
      this.#emit({ type: "memory_pressure", pressure: this.#pressure, before, used });
    for (const [consumer, share] of this.#shares)
      this.#resize(consumer, Math.floor(share * this.#part));
    return this.status();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #pressureAt(used: number): MemoryPressure {
    const { medium, critical } = this.#levels;
    const was = this.#pressure;
    if (used >= critical || (was === "critical" && used >= critical - hysteresis))
      return "critical";
    if (used >= medium || (was !== "low" && used >= medium - hysteresis)) return "medium";
    return "low";
  }

  #resize(consumer: MemoryConsumer, limitBytes: number): void {
    const before = this.#limits.get(consumer);
    if (before === limitBytes) return;
    const { name } = consumer;
    try {
      if (before !== undefined && limitBytes > before) consumer.grow(limitBytes);
      else this.#setOrShrink(consumer, limitBytes);
      this.#limits.set(consumer, limitBytes);
      this.#emit({ type: "memory_consumer_resized", name, limitBytes });
    } catch (error) {
      this.#emit({ type: "memory_consumer_failed", name, error });
    }
  }

  #setOrShrink(consumer: MemoryConsumer, limitBytes: number): void {
    consumer.shrink(limitBytes);
    // One that was made for less than its share may have more.
    consumer.grow(limitBytes);
  }
}

function defaultBudget({ group, machineBytes }: MemoryReading): number {
  return Math.floor(Math.min(group?.limitBytes ?? Infinity, machineBytes) * budgetPart);
}

function checkConsumers(consumers: readonly MemoryConsumer[]): void {
  const names = new Set(consumers.map(({ name }) => name));
  const heavy = consumers.every(({ weight }) => weight > 0 && Number.isFinite(weight));
  if (consumers.length <= consumersMax && names.size === consumers.length && heavy) return;
  throw storageError(
    "configuration.invalid_option",
    `A memory manager takes at most ${consumersMax} consumers, each with a name of its own ` +
      "and a weight above 0.",
    { details: { owner: "createMemoryManager", option: "consumers" } },
  );
}

function emitterOf(onEvent: MemoryManagerOptions["onEvent"]): (event: MemoryEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // An observer is told, not asked.
    }
  };
}
