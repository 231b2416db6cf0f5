import { checkOptions, type OptionRules } from "@atlas/errors";
import { createSystemReadings, type SystemReadings } from "./system-readings.ts";

/** Within which size and concurrency are sought. */
export interface AdaptiveBounds {
  /** Default: 10; 1 to 10,000. */
  readonly batchSizeMin?: number;
  /** Default: 1,000; 1 to 10,000. */
  readonly batchSizeMax?: number;
  /** Default: 1; 1 to 256. */
  readonly concurrencyMin?: number;
  /** Default: 64; 1 to 256. */
  readonly concurrencyMax?: number;
}

/** How an adaptive job finds its size and concurrency. */
export interface AdaptiveOptions extends AdaptiveBounds {
  /** Batches at the same time at the beginning. Default: 4, or what an earlier job has learned. */
  readonly concurrencyStart?: number;
  /** Share of the memory above which less is kept in work, in percent, 1 to 100. Default: 85. */
  readonly memoryPercentMax?: number;
  /** Share of the processor above which concurrency is not raised, 1 to 100. Default: 95. */
  readonly cpuPercentMax?: number;
  /**
   * Share of the items that had to be tried again or were rolled back above which
   * concurrency is halved, 1 to 100. Default: 10. Items that are refused do not count.
   */
  readonly errorPercentMax?: number;
  /** Where memory and processor are read. Default: of this process. */
  readonly readings?: SystemReadings;
}

/** Bounds and brakes with nothing left out. */
export type ResolvedAdaptiveOptions = Required<AdaptiveOptions>;

/** What an adaptive job does when nothing is said. */
export const adaptiveDefaults: {
  readonly batchSizeMin: 10;
  readonly batchSizeMax: 1_000;
  readonly concurrencyMin: 1;
  readonly concurrencyMax: 64;
  readonly concurrencyStart: 4;
  readonly memoryPercentMax: 85;
  readonly cpuPercentMax: 95;
  readonly errorPercentMax: 10;
} = Object.freeze({
  batchSizeMin: 10,
  batchSizeMax: 1_000,
  concurrencyMin: 1,
  concurrencyMax: 64,
  concurrencyStart: 4,
  memoryPercentMax: 85,
  cpuPercentMax: 95,
  errorPercentMax: 10,
});

const size = { min: 1, max: 10_000 };
const concurrency = { min: 1, max: 256 };
const percent = { min: 1, max: 100 };
const boundRules: OptionRules<AdaptiveBounds> = {
  batchSizeMin: size,
  batchSizeMax: size,
  concurrencyMin: concurrency,
  concurrencyMax: concurrency,
};

/** Copies the options, fills in the defaults and refuses what cannot be used. */
export function resolveAdaptiveOptions(options: AdaptiveOptions): ResolvedAdaptiveOptions {
  checkOptions<AdaptiveOptions>("process.adaptive", options, {
    ...boundRules,
    concurrencyStart: concurrency,
    memoryPercentMax: percent,
    cpuPercentMax: percent,
    errorPercentMax: percent,
    readings: "any",
  });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedAdaptiveOptions = {
    ...adaptiveDefaults,
    readings: options.readings ?? createSystemReadings(),
    ...Object.fromEntries(given),
  };
  return { ...resolved, ...requireOrder(resolved) };
}

/** Changes bounds; what is not given stays as it is. */
export function changeBounds(
  base: Required<AdaptiveBounds>,
  bounds: AdaptiveBounds,
): Required<AdaptiveBounds> {
  checkOptions<AdaptiveBounds>("configure.adaptive", bounds, boundRules);
  return requireOrder({
    batchSizeMin: bounds.batchSizeMin ?? base.batchSizeMin,
    batchSizeMax: bounds.batchSizeMax ?? base.batchSizeMax,
    concurrencyMin: bounds.concurrencyMin ?? base.concurrencyMin,
    concurrencyMax: bounds.concurrencyMax ?? base.concurrencyMax,
  });
}

/** Refuses a minimum above its maximum, as one that is out of range. */
function requireOrder(bounds: Required<AdaptiveBounds>): Required<AdaptiveBounds> {
  const { batchSizeMin, batchSizeMax, concurrencyMin, concurrencyMax } = bounds;
  checkOptions(
    "process.adaptive",
    { batchSizeMin, concurrencyMin },
    {
      batchSizeMin: { min: 1, max: batchSizeMax },
      concurrencyMin: { min: 1, max: concurrencyMax },
    },
  );
  return { batchSizeMin, batchSizeMax, concurrencyMin, concurrencyMax };
}
