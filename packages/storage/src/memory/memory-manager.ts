/** How scarce memory is. */
export type MemoryPressure = "low" | "medium" | "critical";

/**
 * Divides a budget among caches and takes it back when the process, or the
 * group of processes it is limited with, runs short of memory.
 *
 * Under medium pressure each consumer keeps half of its share, under critical
 * pressure an eighth; when the pressure is over it gets twice as much at each
 * look until it has its share again.
 */
export interface MemoryManager extends Disposable {
  /** What was seen when it last looked. */
  status(): MemoryStatus;
  /**
   * Looks now, as it does by itself every `everyMs`.
   *
   * @throws {AtlasError} storage.closed
   */
  check(): MemoryStatus;
  /** Looks no more; consumers keep what they have. Closing twice is harmless. */
  close(): void;
}

/** What is known of memory at one moment. Sizes are in bytes. */
export interface MemoryStatus {
  readonly pressure: MemoryPressure;
  /** Largest used part of a limit, 0 to 1 and beyond. */
  readonly used: number;
  readonly reading: MemoryReading;
  /** What all consumers may hold together while pressure is low. */
  readonly budgetBytes: number;
  readonly consumers: readonly MemoryShare[];
}

/** What one consumer has. */
export interface MemoryShare {
  readonly name: string;
  /** What it may hold at present. */
  readonly limitBytes: number;
  readonly bytes: number;
}

/** Used and available memory, in bytes. */
export interface MemoryReading {
  /** Memory of the process that is not swapped out. */
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** Size at which the JavaScript heap ends the process. */
  readonly heapLimitBytes: number;
  /** Memory of the machine. */
  readonly machineBytes: number;
  /** The group of processes that this one is limited with; absent without a limit. */
  readonly group?: { readonly limitBytes: number; readonly usedBytes: number };
}

/** What a memory manager tells its observer. */
export type MemoryEvent = MemoryPressureEvent | ConsumerResizedEvent | ConsumerFailedEvent;

/** Memory has become scarcer or less scarce. */
export interface MemoryPressureEvent {
  readonly type: "memory_pressure";
  readonly pressure: MemoryPressure;
  readonly before: MemoryPressure;
  readonly used: number;
}

/** A consumer may hold less or more than before. */
export interface ConsumerResizedEvent {
  readonly type: "memory_consumer_resized";
  readonly name: string;
  readonly limitBytes: number;
}

/** A consumer threw instead of shrinking or growing; it is asked again at the next look. */
export interface ConsumerFailedEvent {
  readonly type: "memory_consumer_failed";
  readonly name: string;
  readonly error: unknown;
}
