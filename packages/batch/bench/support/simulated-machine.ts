/**
 * A machine in virtual time: batches first share its cores and then its disk.
 * Time passes only when the simulation steps from one event to the next, so the
 * same run gives the same figures on every computer, in a fraction of the time.
 */

/** What a machine is like. Times in milliseconds. */
export interface MachineModel {
  readonly cores: number;
  /** Work of one batch besides its items, and of one item, on one core. */
  readonly batchMs: number;
  readonly itemMs: number;
  /** Items of one batch that fit the cache, and how much more one beyond them costs. */
  readonly cacheItems: number;
  readonly beyondCache: number;
  /** Part by which each batch beyond the cores slows all of them down: locks, switches. */
  readonly contention: number;
  /** A sync of the disk, and how many it can do at a time. */
  readonly syncMs: number;
  readonly syncsMax: number;
  /** Items in work that fit the memory; beyond them everything slows down by `thrash` times the excess. */
  readonly memoryItems: number;
  readonly thrash: number;
  /** Somebody else who comes for `forMs` in every `everyMs`; see `neighbour`. */
  readonly neighbour?: {
    readonly everyMs: number;
    readonly forMs: number;
    readonly cores: number;
    readonly contention: number;
  };
}

interface Running {
  readonly items: number;
  work: number;
  sync: number;
  readonly done: () => void;
}

/** Part by which the work of a batch differs from the average, at most. */
const jitter = 0.2;

export class SimulatedMachine {
  readonly #model: MachineModel;
  readonly #random: () => number;
  #running: Running[] = [];
  #now = 0;
  #items = 0;
  #readAt = 0;
  #busyMs = 0;

  constructor(model: MachineModel, seed: number) {
    this.#model = model;
    this.#random = randomFrom(seed);
  }

  get now(): number {
    return this.#now;
  }

  /** Share of the memory in use: four fifths when it is just enough. */
  get memory(): number {
    return Math.min(1, 0.3 + (0.5 * this.#items) / this.#model.memoryItems);
  }

  /** Share of the cores in use since the last reading. */
  readCpu(): number {
    const elapsedMs = this.#now - this.#readAt;
    const share = elapsedMs === 0 ? 0 : this.#busyMs / (elapsedMs * this.#model.cores);
    this.#readAt = this.#now;
    this.#busyMs = 0;
    return share;
  }

  begin(items: number, done: () => void): void {
    const { batchMs, itemMs, cacheItems, beyondCache, syncMs } = this.#model;
    const beyond = Math.max(0, items - cacheItems) * beyondCache;
    const share = 1 + jitter * (2 * this.#random() - 1);
    const work = (batchMs + itemMs * (items + beyond)) * share;
    this.#items += items;
    this.#running.push({ items, work, sync: syncMs, done });
  }

  /** Goes on to the next moment at which something happens. */
  step(): void {
    const speeds = this.#speeds();
    let stepMs = this.#untilNeighbour();
    for (const batch of this.#running) {
      const left = batch.work > 0 ? batch.work / speeds.work : batch.sync / speeds.sync;
      stepMs = Math.min(stepMs, left);
    }
    this.#now += stepMs;
    this.#busyMs += stepMs * Math.min(this.#working().length, this.#model.cores);
    const left: Running[] = [];
    const ended: Running[] = [];
    for (const batch of this.#running) {
      if (batch.work > 0) batch.work = rest(batch.work - stepMs * speeds.work);
      else batch.sync = rest(batch.sync - stepMs * speeds.sync);
      (batch.work > 0 || batch.sync > 0 ? left : ended).push(batch);
    }
    this.#running = left;
    for (const { items, done } of ended) {
      this.#items -= items;
      done();
    }
  }

  #speeds(): { readonly work: number; readonly sync: number } {
    const { cores, contention, syncsMax, memoryItems, thrash, neighbour } = this.#model;
    const here = neighbour !== undefined && this.#now % neighbour.everyMs < neighbour.forMs;
    const free = here ? cores - neighbour.cores : cores;
    const each = here ? neighbour.contention : contention;
    const working = this.#working().length;
    const syncing = this.#running.length - working;
    const crowded = 1 + each * Math.max(0, working - free);
    const pressed = 1 + thrash * Math.max(0, this.#items / memoryItems - 1);
    return {
      work: Math.min(1, free / Math.max(1, working)) / crowded / pressed,
      sync: Math.min(1, syncsMax / Math.max(1, syncing)) / pressed,
    };
  }

  #working(): readonly Running[] {
    return this.#running.filter(({ work }) => work > 0);
  }

  #untilNeighbour(): number {
    const { neighbour } = this.#model;
    if (neighbour === undefined) return Number.POSITIVE_INFINITY;
    const at = this.#now % neighbour.everyMs;
    return (at < neighbour.forMs ? neighbour.forMs : neighbour.everyMs) - at + 1e-6;
  }
}

/** Time that is left, without what rounding has left over. */
function rest(ms: number): number {
  return ms < 1e-9 ? 0 : ms;
}

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
