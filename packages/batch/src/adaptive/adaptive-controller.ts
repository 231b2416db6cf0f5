import type { AdaptiveBounds, ResolvedAdaptiveOptions } from "./adaptive-options.ts";
import { changeBounds } from "./adaptive-options.ts";
import type {
  AdaptiveDecision,
  AdaptiveReason,
  AdaptiveSignals,
  BatchSetting,
} from "./adaptive-decision.ts";
import { MeasurementWindow, type BatchSample } from "./measurement-window.ts";
import { type SearchLimits, SettingSearch } from "./setting-search.ts";

/** Part of its amount in work that a job gives up when a brake is pulled. */
const decrease = 0.5;
/** Part by which the ceiling that a brake has set rises with each measurement that is well. */
const increase = 1.02;

/** Marks a batch that began under some setting. */
export interface AdaptiveTicket {
  readonly epoch: number;
  /** See `BatchSample.clean`. */
  readonly clean: boolean;
}

/**
 * Chooses size and concurrency: a search for the highest throughput, under a
 * ceiling of items in work that brakes halve and time raises again (AIMD, Chiu
 * and Jain, 1989).
 */
export class AdaptiveController {
  readonly #options: ResolvedAdaptiveOptions;
  readonly #search: SettingSearch;
  #bounds: Required<AdaptiveBounds>;
  #window: MeasurementWindow;
  #epoch = 0;
  /** Batches in work that began in this epoch. */
  #running = 0;
  #runningMax = 0;
  /** Items in work, and batches: above them nothing is tried. */
  #itemsMax = Number.POSITIVE_INFINITY;
  #batchesMax = Number.POSITIVE_INFINITY;

  constructor(options: ResolvedAdaptiveOptions, start: BatchSetting) {
    this.#options = options;
    this.#bounds = options;
    this.#search = new SettingSearch(this.#clamp(start));
    this.#window = new MeasurementWindow(this.#search.current.concurrency);
  }

  /** What holds for the next batch. */
  get setting(): BatchSetting {
    return this.#search.current;
  }

  /** What is worth remembering for the next job. */
  get best(): BatchSetting {
    return this.#search.best;
  }

  /** Notes that a batch begins. */
  begin(): AdaptiveTicket {
    this.#running += 1;
    this.#runningMax = Math.max(this.#runningMax, this.#running);
    return { epoch: this.#epoch, clean: this.#running >= this.#search.current.concurrency };
  }

  /** Takes what a batch has shown; answers when a setting was chosen. */
  settled(
    { epoch, clean }: AdaptiveTicket,
    sample: Omit<BatchSample, "clean">,
  ): AdaptiveDecision | undefined {
    if (epoch !== this.#epoch) return undefined;
    this.#running -= 1;
    this.#window.add({ ...sample, clean });
    const measured = this.#window.isComplete(this.#search.bestRate);
    if (!measured && !this.#window.isStarved) return undefined;
    const { readings } = this.#options;
    const signals = { ...this.#window.read(), memory: readings.memory(), cpu: readings.cpu() };
    return this.#brake(signals) ?? (measured ? this.#climb(signals) : this.#giveUp(signals));
  }

  /** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
  configure(bounds: AdaptiveBounds): void {
    this.#bounds = changeBounds(this.#bounds, bounds);
    this.#search.restart(this.#clamp(this.#search.best));
    this.#begin();
  }

  #climb(signals: AdaptiveSignals): AdaptiveDecision | undefined {
    this.#itemsMax *= increase;
    this.#batchesMax *= increase;
    const measured = { rate: signals.itemsPerSecond, spanMs: this.#window.spanMs };
    const step = this.#search.measured(measured, this.#limits(signals));
    this.#begin();
    return step && { ...step.setting, reason: step.reason, signals };
  }

  /** Concurrency that is never filled tells nothing; what was used may. */
  #giveUp(signals: AdaptiveSignals): AdaptiveDecision | undefined {
    const { batchSize, concurrency } = this.#search.current;
    if (this.#runningMax >= concurrency) return undefined;
    if (this.#search.probing) return this.#reject("unused", signals);
    const used = this.#clamp({ batchSize, concurrency: this.#runningMax });
    if (used.concurrency === concurrency) return undefined;
    this.#search.restart(used);
    this.#begin();
    return { ...used, reason: "unused", signals };
  }

  #reject(reason: AdaptiveReason, signals: AdaptiveSignals): AdaptiveDecision {
    const { setting } = this.#search.reject(this.#limits(signals));
    this.#begin();
    return { ...setting, reason, signals };
  }

  #brake(signals: AdaptiveSignals): AdaptiveDecision | undefined {
    const { memoryPercentMax, errorPercentMax } = this.#options;
    const { batchSize, concurrency } = this.#search.current;
    const braked = (reason: AdaptiveReason): AdaptiveDecision | undefined => {
      if (this.#search.probing) return this.#reject(reason, signals);
      const setting = this.#clamp(this.#search.current);
      // At the lower bounds there is nothing left to give up.
      if (setting.batchSize === batchSize && setting.concurrency === concurrency) return undefined;
      this.#search.restart(setting);
      this.#begin();
      return { ...setting, reason, signals };
    };
    if (signals.memory * 100 > memoryPercentMax) {
      this.#itemsMax = batchSize * concurrency * decrease;
      return braked("memory");
    }
    if (signals.errorRate * 100 > errorPercentMax) {
      this.#batchesMax = concurrency * decrease;
      return braked("errors");
    }
    return undefined;
  }

  #limits(signals: AdaptiveSignals): SearchLimits {
    return {
      clamp: (setting) => this.#clamp(setting),
      mayRaiseConcurrency: signals.cpu * 100 <= this.#options.cpuPercentMax,
    };
  }

  #begin(): void {
    this.#epoch += 1;
    this.#running = 0;
    this.#runningMax = 0;
    this.#window = new MeasurementWindow(this.#search.current.concurrency);
  }

  /** Inside the bounds, and under the ceilings as far as the bounds allow. */
  #clamp({ batchSize, concurrency }: BatchSetting): BatchSetting {
    const { batchSizeMin, batchSizeMax, concurrencyMin, concurrencyMax } = this.#bounds;
    const batches = between(
      Math.min(concurrency, this.#batchesMax),
      concurrencyMin,
      concurrencyMax,
    );
    const size = between(batchSize, batchSizeMin, batchSizeMax);
    if (size * batches <= this.#itemsMax) return { batchSize: size, concurrency: batches };
    // Fewer batches first: their size is what makes each item cheap.
    const fewer = between(this.#itemsMax / size, concurrencyMin, batches);
    return {
      batchSize: between(Math.min(size, this.#itemsMax / fewer), batchSizeMin, batchSizeMax),
      concurrency: fewer,
    };
  }
}

function between(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, Math.floor(value)));
}
