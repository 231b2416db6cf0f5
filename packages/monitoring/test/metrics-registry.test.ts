import { createMetricsRegistry, metricsRegistryDefaults } from "@atlas/monitoring";
import { describe, expect, it } from "vitest";

/** A small generator with a seed, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((first, second) => first - second);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

describe("M2: counters", () => {
  it("add up, one at a time when nothing is said", () => {
    const metrics = createMetricsRegistry();

    metrics.counter("hits").add();
    metrics.counter("hits").add(2.5);
    metrics.counter("hits", { cache: "a" }).add(0);

    expect(metrics.snapshot().counters).toEqual([
      { name: "hits", labels: {}, value: 3.5 },
      { name: "hits", labels: { cache: "a" }, value: 0 },
    ]);
  });

  it.each([-1, Number.NaN, Infinity])("ignore %d", (amount) => {
    const metrics = createMetricsRegistry();

    metrics.counter("hits").add(amount);

    expect(metrics.snapshot().counters[0]?.value).toBe(0);
  });

  it("are the same for the same labels in any order", () => {
    const metrics = createMetricsRegistry();

    expect(metrics.counter("x", { a: "1", b: "2" })).toBe(metrics.counter("x", { b: "2", a: "1" }));
  });
});

const shapes: readonly (readonly [string, (random: () => number) => number])[] = [
  ["uniform", (random) => random() * 100],
  ["heavy-tailed", (random) => 1 / (random() + 1e-9)],
  ["tiny", (random) => 0.001 + random() * 0.01],
  ["two peaks", (random) => (random() < 0.5 ? 1 : 5_000) * (1 + random())],
  ["whole", (random) => Math.floor(random() * 1_000) + 1],
];

it.each(shapes)("M2: of %s values: quantiles are within 1 percent", (_name, shape) => {
  for (const seed of [1, 2, 3]) {
    const random = randomFrom(seed);
    const values = Array.from({ length: 5_000 }, () => shape(random));
    const metrics = createMetricsRegistry();
    for (const value of values) metrics.histogram("x").record(value);

    const [snapshot] = metrics.snapshot().histograms;

    for (const [name, share] of [
      ["p50", 0.5],
      ["p95", 0.95],
      ["p99", 0.99],
    ] as const) {
      const exact = quantileOf(values, share);
      const error = Math.abs((snapshot?.[name] ?? 0) - exact) / exact;
      expect(error, `${name}, seed ${seed}`).toBeLessThanOrEqual(0.010_001);
    }
    expect(snapshot?.min).toBe(Math.min(...values));
    expect(snapshot?.max).toBe(Math.max(...values));
    expect(snapshot?.count).toBe(5_000);
  }
});

it("M2: of one value answer with that value", () => {
  const metrics = createMetricsRegistry();
  metrics.histogram("x").record(12.345);

  expect(metrics.snapshot().histograms[0]).toEqual({
    name: "x",
    labels: {},
    count: 1,
    sum: 12.345,
    min: 12.345,
    max: 12.345,
    p50: 12.345,
    p95: 12.345,
    p99: 12.345,
  });
});

it("M2: of three values have the second as their median", () => {
  const metrics = createMetricsRegistry();
  for (const value of [1, 10, 100]) metrics.histogram("x").record(value);

  expect(metrics.snapshot().histograms[0]?.p50).toBeCloseTo(10, 0);
});

it("M2: without values are all zero", () => {
  const metrics = createMetricsRegistry();
  metrics.histogram("x");

  expect(metrics.snapshot().histograms[0]).toMatchObject({ count: 0, min: 0, max: 0, p99: 0 });
});

it("M2: keep what lies outside their range in the outermost buckets", () => {
  const metrics = createMetricsRegistry();
  for (const value of [0, 0.000_5, 5e9, 7e12]) metrics.histogram("x").record(value);

  expect(metrics.snapshot().histograms[0]).toMatchObject({ p50: 0, max: 7e12, count: 4 });
});

it.each([1e-3, 1e9])("M2: take %d, an end of their range", (value) => {
  const metrics = createMetricsRegistry();
  for (const each of [value, value, value]) metrics.histogram("x").record(each);

  expect(metrics.snapshot().histograms[0]?.p99).toBe(value);
});

it.each([-1, Number.NaN, Infinity])("M2: ignore %d", (value) => {
  const metrics = createMetricsRegistry();
  metrics.histogram("x").record(value);

  expect(metrics.snapshot().histograms[0]?.count).toBe(0);
});

describe("M2: bounds", () => {
  it("beyond seriesMax a known name goes on under overflow, and so does a new one", () => {
    const metrics = createMetricsRegistry({ seriesMax: 2 });

    for (const task of ["a", "b", "c", "d"]) metrics.counter("runs", { task }).add();
    metrics.counter("new").add(5);
    metrics.counter("runs", { task: "a" }).add();

    expect(metrics.snapshot()).toEqual({
      counters: [
        { name: "overflow", labels: { overflow: "true" }, value: 5 },
        { name: "runs", labels: { overflow: "true" }, value: 2 },
        { name: "runs", labels: { task: "a" }, value: 2 },
        { name: "runs", labels: { task: "b" }, value: 1 },
      ],
      histograms: [],
      overflowed: 3,
    });
  });

  it("names and labels are cut", () => {
    const metrics = createMetricsRegistry();
    const labels = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`l${at}`, "v"]));

    metrics.counter("n".repeat(500), { label: "v".repeat(500) }).add();
    metrics.counter("x", labels).add();

    const [long, wide] = metrics.snapshot().counters;
    expect(long?.name).toHaveLength(120);
    expect(long?.labels["label"]).toHaveLength(120);
    expect(Object.keys(wide?.labels ?? {})).toHaveLength(8);
  });

  it.each([
    [{ seriesMax: 0 }, "configuration.invalid_option"],
    [{ seriesMax: 100_001 }, "configuration.invalid_option"],
    [{ series: 5 }, "configuration.unknown_option"],
  ])("refuses the options %o", (options, code) => {
    expect(metricsRegistryDefaults).toEqual({ seriesMax: 1_000 });
    expect(() => createMetricsRegistry(options as object)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
