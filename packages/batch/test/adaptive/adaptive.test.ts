import { type BatchEvent, createBatchCoordinator } from "@atlas/batch";
import { describe, expect, it } from "vitest";
import { machines } from "../../bench/support/machines.ts";
import { simulateCoordinator, simulateFixed, simulateGrid } from "../../bench/support/simulate.ts";
import type { MachineModel } from "../../bench/support/simulated-machine.ts";

const items = 2_000_000;
/** Of a machine that does not change, every part of the job is like the others. */
const itemsOfFixed = 100_000;

const grids = new Map<MachineModel, ReturnType<typeof simulateGrid>>();

function gridOf(model: MachineModel): ReturnType<typeof simulateGrid> {
  const known = grids.get(model);
  if (known !== undefined) return known;
  const made = simulateGrid(model, model.neighbour === undefined ? itemsOfFixed : items);
  grids.set(model, made);
  return made;
}

describe("B3: adaptive against every fixed setting of a grid, in virtual time", () => {
  it.each(Object.entries(machines))(
    "is within 15 % of the best on %s",
    async (_name, model) => {
      const { best } = gridOf(model);

      const { rate, events } = await simulateCoordinator(model, items);

      expect(rate / best.rate).toBeGreaterThan(0.85);
      // It found its setting, and did not just begin with it.
      expect(events.length).toBeGreaterThan(5);
    },
    60_000,
  );

  it("every fixed setting is far behind the best on at least one of them", () => {
    const results = Object.values(machines).map(gridOf);
    const shares = results[0]!.rates.map((_, at) =>
      Math.min(...results.map(({ best, rates }) => rates[at]!.rate / best.rate)),
    );

    expect(Math.max(...shares)).toBeLessThan(0.75);
  }, 60_000);

  it("the simulation gives the coordinator the same speed as a plain loop", async () => {
    const setting = { batchSize: 100, concurrency: 8 };
    for (const model of Object.values(machines)) {
      const plain = simulateFixed(model, setting, { items: 50_000 });
      const { rate } = await simulateCoordinator(model, 50_000, { setting });
      expect(rate / plain).toBeCloseTo(1, 2);
    }
  });
});

describe("B3: what an adaptive job tells and learns", () => {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
  const readings = { memory: () => 0.5, cpu: () => 0.5 };

  it("tells each decision with its reason and what it is based on", async () => {
    const { events } = await simulateCoordinator(machines["adaptive-slow-disk"]!, 200_000);

    for (const event of events) {
      if (event.type !== "batch.adapted") throw new Error("Only decisions are kept.");
      expect(event.batchSize).toBeGreaterThanOrEqual(10);
      expect(event.batchSize).toBeLessThanOrEqual(1_000);
      expect(event.concurrency).toBeGreaterThanOrEqual(1);
      expect(event.concurrency).toBeLessThanOrEqual(64);
      expect(event.signals.itemsPerSecond).toBeGreaterThan(0);
    }
    const reasons = new Set(events.map((event) => "reason" in event && event.reason));
    expect(reasons).toContain("probe");
    expect(reasons).toContain("better");
  });

  it("begins where the last job of the name was fastest", async () => {
    const started: BatchEvent[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => (now += 1),
      onEvent: (event) => event.type === "batch.started" && started.push(event),
      history: {
        recall: (name) => (name === "import" ? { batchSize: 640, concurrency: 7 } : undefined),
        remember: () => undefined,
      },
    });

    const options = { strategy: "adaptive", adaptive: { readings }, batchSize: 50 } as const;
    await coordinator.process([1], (item) => item, { ...options, name: "import" });
    await coordinator.process([1], (item) => item, { ...options, name: "other" });

    expect(started).toMatchObject([
      { batchSize: 640, concurrency: 7 },
      { batchSize: 50, concurrency: 4 },
    ]);
  });

  it("remembers for the next job by itself", async () => {
    const settings: number[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => now,
      onEvent: (event) => event.type === "batch.started" && settings.push(event.batchSize),
    });
    const options = { strategy: "adaptive", adaptive: { readings }, name: "import" } as const;
    // Each batch costs 100 ms, however large it is.
    const operation = {
      all: (all: readonly number[]) => {
        now += 100;
        return all;
      },
    };

    await coordinator.process(numbers(50_000), operation, { ...options, batchSize: 10 });
    await coordinator.process([1], operation, options);

    expect(settings[0]).toBe(10);
    expect(settings[1]).toBeGreaterThan(100);
  });
});

describe("B3: brakes", () => {
  it("an input that is slower than the work gives up concurrency that it never fills", async () => {
    const reasons: unknown[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => (now += 1),
      onEvent: (event) => event.type === "batch.adapted" && reasons.push(event.reason),
    });
    async function* slow(): AsyncGenerator<number> {
      for (let item = 0; item < 4_000; item += 1) yield await Promise.resolve(item);
    }

    await coordinator.process(slow(), (item) => item, {
      strategy: "adaptive",
      batchSize: 10,
      adaptive: { readings: { memory: () => 0, cpu: () => 0 }, concurrencyStart: 16 },
    });

    expect(reasons[0]).toBe("unused");
  });

  it("memory makes a job keep less in work", async () => {
    const decisions: BatchEvent[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => (now += 1),
      onEvent: (event) => event.type === "batch.adapted" && decisions.push(event),
    });

    await coordinator.process(
      Array.from({ length: 200_000 }, (_, at) => at),
      (item) => item,
      {
        strategy: "adaptive",
        batchSize: 400,
        adaptive: { readings: { memory: () => 0.9, cpu: () => 0 }, concurrencyStart: 8 },
      },
    );

    const braked = decisions.filter((event) => "reason" in event && event.reason === "memory");
    expect(braked[0]).toMatchObject({ batchSize: 400, concurrency: 4 });
    expect(braked.at(-1)).toMatchObject({ batchSize: 10, concurrency: 1 });
  });

  it("a busy processor keeps concurrency from being raised", async () => {
    const seen: number[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => (now += 1),
      onEvent: (event) => event.type === "batch.adapted" && seen.push(event.concurrency),
    });

    await coordinator.process(
      Array.from({ length: 50_000 }, (_, at) => at),
      (item) => item,
      {
        strategy: "adaptive",
        batchSize: 10,
        adaptive: { readings: { memory: () => 0, cpu: () => 0.99 } },
      },
    );

    expect(seen.length).toBeGreaterThan(3);
    expect(Math.max(...seen)).toBeLessThanOrEqual(4);
  });

  it("items that have to be tried again halve concurrency", async () => {
    const reasons: unknown[] = [];
    let now = 0;
    const coordinator = createBatchCoordinator({
      clock: () => (now += 1),
      sleep: () => Promise.resolve(),
      onEvent: (event) =>
        event.type === "batch.adapted" && reasons.push([event.reason, event.concurrency]),
    });

    await coordinator.process(
      Array.from({ length: 2_000 }, (_, at) => at),
      (_item, { attempt }) => {
        if (attempt === 1) throw Object.assign(new Error("busy"), { code: "SQLITE_BUSY" });
      },
      {
        strategy: "adaptive",
        batchSize: 10,
        adaptive: { readings: { memory: () => 0, cpu: () => 0 }, concurrencyStart: 8 },
      },
    );

    expect(reasons.slice(0, 3)).toEqual([
      ["errors", 4],
      ["errors", 2],
      ["errors", 1],
    ]);
  });
});
