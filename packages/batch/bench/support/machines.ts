import type { MachineModel } from "./simulated-machine.ts";

const base: MachineModel = {
  cores: 4,
  batchMs: 0.2,
  itemMs: 0.04,
  cacheItems: 10_000,
  beyondCache: 0,
  contention: 0.01,
  syncMs: 0.5,
  syncsMax: 64,
  memoryItems: 1_000_000,
  thrash: 0,
};

/** The four machines on which adaptive has to hold its own against every fixed setting. */
export const machines: Readonly<Record<string, MachineModel>> = {
  /** Syncs cost little, so processors and caches decide: medium batches, few at a time. */
  "adaptive-fast-disk": { ...base, cacheItems: 150, beyondCache: 1, contention: 0.06 },
  /** A sync takes 60 ms: large batches, and enough of them to keep the cores busy meanwhile. */
  "adaptive-slow-disk": { ...base, syncMs: 60, contention: 0.002 },
  /** Somebody takes three of four cores for 20 of 60 seconds, and then crowding is dear. */
  "adaptive-noisy-neighbour": {
    ...base,
    syncMs: 5,
    neighbour: { everyMs: 60_000, forMs: 20_000, cores: 3, contention: 0.3 },
  },
  /** 1,200 items in work fit the memory; beyond them the machine thrashes. */
  "adaptive-memory-pressure": { ...base, syncMs: 10, memoryItems: 1_200, thrash: 4 },
};

/** Every fixed setting that adaptive is compared with. */
export const grid: readonly { readonly batchSize: number; readonly concurrency: number }[] = [
  1_000, 500, 250, 100, 50, 25, 10,
].flatMap((batchSize) =>
  [1, 2, 4, 8, 16, 32, 64].map((concurrency) => ({ batchSize, concurrency })),
);
