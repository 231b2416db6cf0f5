import { setImmediate } from "node:timers/promises";
import {
  type BatchEvent,
  type BatchProcessor,
  type BatchSetting,
  createBatchCoordinator,
} from "@atlas/batch";
import { grid } from "./machines.ts";
import { type MachineModel, SimulatedMachine } from "./simulated-machine.ts";

export interface SimulatedRun {
  /** Items per second of virtual time. */
  readonly rate: number;
  readonly events: readonly BatchEvent[];
}

/**
 * Items per second of a fixed setting, with always `concurrency` batches in
 * work. What is not done after `msMax` is left, and the rate is that until then.
 */
export function simulateFixed(
  model: MachineModel,
  { batchSize, concurrency }: BatchSetting,
  { items, msMax = Number.POSITIVE_INFINITY }: { readonly items: number; readonly msMax?: number },
): number {
  const machine = new SimulatedMachine(model, 1);
  let left = items;
  let running = 0;
  let done = 0;
  const next = (): void => {
    if (left === 0) return;
    const size = Math.min(batchSize, left);
    left -= size;
    running += 1;
    machine.begin(size, () => {
      running -= 1;
      done += size;
      next();
    });
  };
  for (let batch = 0; batch < concurrency; batch += 1) next();
  while (running > 0 && (done === 0 || machine.now < msMax)) machine.step();
  return (done * 1_000) / machine.now;
}

/** The same items through the real coordinator, whose clock is the machine's. */
export async function simulateCoordinator(
  model: MachineModel,
  items: number,
  { seed = 1, setting }: { readonly seed?: number; readonly setting?: BatchSetting } = {},
): Promise<SimulatedRun> {
  const machine = new SimulatedMachine(model, seed);
  const events: BatchEvent[] = [];
  const coordinator = createBatchCoordinator({
    clock: () => machine.now,
    onEvent: (event) => {
      if (event.type === "batch.adapted") events.push(event);
    },
  });
  const readings = { memory: () => machine.memory, cpu: () => machine.readCpu() };
  const shape =
    setting === undefined
      ? ({ strategy: "adaptive", adaptive: { readings } } as const)
      : ({ strategy: "concurrent", ...setting } as const);
  let ended = false;
  const running = coordinator
    .process(
      (function* input() {
        for (let item = 0; item < items; item += 1) yield item;
      })(),
      (item: number) => item,
      { ...shape, processor: processorOf(machine) },
    )
    .finally(() => (ended = true));
  while (!ended) {
    // Two turns: one for what has ended, one for what begins in its place.
    await setImmediate();
    await setImmediate();
    if (!ended) machine.step();
  }
  const { counts } = await running;
  if (counts.succeeded !== items) throw new Error("Not every item was processed.");
  return { rate: (items * 1_000) / machine.now, events };
}

export interface GridRate {
  readonly setting: BatchSetting;
  readonly rate: number;
}

/** The best fixed setting of the grid, and how each of them did. */
export function simulateGrid(
  model: MachineModel,
  items: number,
): { readonly best: GridRate; readonly rates: readonly GridRate[] } {
  let bestRate = 0;
  const rates = grid.map((setting) => {
    // What takes three times as long as another one is known to be far behind.
    const msMax = (3 * items * 1_000) / bestRate;
    const rate = simulateFixed(model, setting, { items, msMax });
    bestRate = Math.max(bestRate, rate);
    return { setting, rate };
  });
  const best = rates.reduce((first, second) => (second.rate > first.rate ? second : first));
  return { best, rates };
}

function processorOf(machine: SimulatedMachine): BatchProcessor<number, number> {
  return {
    batchSizeDefault: 100,
    supportsAllOrNothing: false,
    processBatch: ({ entries }) =>
      new Promise((resolve) => {
        const items = entries.map(() => ({ status: "succeeded", result: undefined }) as never);
        machine.begin(entries.length, () => resolve({ items }));
      }),
  };
}
