/**
 * Finds the setting with the highest throughput by direct search (Hooke and
 * Jeeves, 1961) over the logarithms of size and concurrency: neighbours of the
 * best setting are tried one after the other, a direction that pays is followed,
 * and when none pays the steps get smaller. Only measured rates are compared, so
 * it does not matter what the limit is: a disk, a lock, a cache, a neighbour.
 */
import type { AdaptiveReason, BatchSetting } from "./adaptive-decision.ts";

/** A direction: by how many doublings size and concurrency change. */
interface Move {
  readonly size: number;
  readonly concurrency: number;
}

/** What a search may try. */
export interface SearchLimits {
  /** The nearest setting that is allowed. */
  readonly clamp: (setting: BatchSetting) => BatchSetting;
  readonly mayRaiseConcurrency: boolean;
}

/** What a setting has shown. */
export interface MeasuredRate {
  /** Items per second. */
  readonly rate: number;
  /** How long it was measured. */
  readonly spanMs: number;
}

/** What to do next; undefined when the setting stays. */
export interface SearchStep {
  readonly setting: BatchSetting;
  readonly reason: AdaptiveReason;
}

/** A neighbour has to be this much faster, or chance would move the search. */
const gainMin = 0.03;
/** A setting whose speed has changed this much is in another world. */
const driftMin = 0.2;
/** Doublings per step: first whole ones, then finer. */
const steps = [1, 0.5] as const;
/** Steps that are taken at once when a direction keeps paying. */
const strideMax = 2;
/**
 * A settled setting rests so many times as long as its neighbours were tried,
 * within bounds in milliseconds: they cost about a thirtieth of the throughput.
 * What frees a machine may not show in a setting that never used it, so the
 * rest is short even when every round ends where it began.
 */
const restFactor = 8;
const restMsMin = 500;
const restMsMax = 5_000;
/** The weight of the newest measurement of a settled setting. */
const smoothing = 0.3;

/**
 * Both axes, and both diagonals along which the amount in work stays the same:
 * where memory is the limit the best settings lie on such a ridge.
 */
const moves: readonly Move[] = [
  { size: 1, concurrency: 0 },
  { size: 0, concurrency: 1 },
  { size: 1, concurrency: -1 },
  { size: -1, concurrency: 1 },
  { size: 0, concurrency: -1 },
  { size: -1, concurrency: 0 },
];

/** A search over settings, told one measured rate at a time. */
export class SettingSearch {
  #best: BatchSetting;
  #bestRate: number | undefined;
  #current: BatchSetting;
  #move = 0;
  #tried = 0;
  /** Settings around the best one that were slower. */
  readonly #slower = new Set<string>();
  #step = 0;
  /** Steps at a time; more than one while a direction keeps paying. */
  #stride = 1;
  /** Time in which neighbours were tried, and time that is left to rest. */
  #roundMs = 0;
  #restMs = 0;
  #smoothed: number | undefined;

  constructor(start: BatchSetting) {
    this.#best = start;
    this.#current = start;
  }

  get current(): BatchSetting {
    return this.#current;
  }

  /** The fastest setting so far. */
  get best(): BatchSetting {
    return this.#best;
  }

  /** Items per second of the fastest setting, once it was measured. */
  get bestRate(): number | undefined {
    return this.#bestRate;
  }

  /** True while a neighbour of the best setting is being tried. */
  get probing(): boolean {
    return this.#current !== this.#best;
  }

  /** Begins anew at a setting, whose rate is not known. */
  restart(setting: BatchSetting): void {
    this.#best = setting;
    this.#current = setting;
    this.#bestRate = undefined;
    this.#slower.clear();
    this.#tried = 0;
    this.#step = 0;
    this.#stride = 1;
    this.#roundMs = 0;
    this.#restMs = 0;
    this.#smoothed = undefined;
  }

  /** Takes the measured rate of the current setting and says what to try next. */
  measured({ rate, spanMs }: MeasuredRate, limits: SearchLimits): SearchStep | undefined {
    if (this.#restMs > 0) return this.#rested({ rate, spanMs }, limits);
    this.#roundMs += spanMs;
    if (this.#bestRate === undefined) {
      this.#bestRate = rate;
      return this.#tryNext(limits);
    }
    if (rate > this.#bestRate * (1 + gainMin)) {
      this.#best = this.#current;
      this.#bestRate = rate;
      this.#tried = 0;
      this.#slower.clear();
      this.#stride = Math.min(strideMax, this.#stride * 2);
      return this.#tryNext(limits, "better");
    }
    return this.reject(limits);
  }

  /** Gives up the neighbour that is being tried, whatever its rate. */
  reject(limits: SearchLimits): SearchStep {
    this.#slower.add(nameOf(this.#current));
    // A long step may have gone too far; a short one in that direction may still pay.
    if (this.#stride > 1) this.#stride = 1;
    else this.#advance();
    return this.#tryNext(limits);
  }

  #rested({ rate, spanMs }: MeasuredRate, limits: SearchLimits): SearchStep | undefined {
    this.#smoothed =
      this.#smoothed === undefined ? rate : this.#smoothed + smoothing * (rate - this.#smoothed);
    const bestRate = this.#bestRate ?? rate;
    if (Math.abs(this.#smoothed / bestRate - 1) > driftMin) {
      // Measured anew first: the average still has the old world in it.
      this.restart(this.#best);
      return { setting: this.#best, reason: "drift" };
    }
    this.#restMs -= spanMs;
    if (this.#restMs > 0) return undefined;
    this.#roundMs = 0;
    // What was measured lately is what neighbours have to beat.
    this.#bestRate = this.#smoothed;
    return this.#tryNext(limits);
  }

  /** The next neighbour that differs from the best setting; a rest when there is none left. */
  #tryNext(limits: SearchLimits, reason: AdaptiveReason = "probe"): SearchStep {
    for (; this.#step < steps.length; this.#step += 1, this.#tried = 0) {
      for (; this.#tried < moves.length; this.#advance()) {
        const setting = this.#neighbour(limits);
        if (setting === undefined || this.#slower.has(nameOf(setting))) continue;
        this.#current = setting;
        return { setting, reason };
      }
    }
    this.#step = steps.length - 1;
    this.#tried = 0;
    this.#restMs = Math.min(restMsMax, Math.max(restMsMin, this.#roundMs * restFactor));
    this.#smoothed = undefined;
    this.#slower.clear();
    this.#current = this.#best;
    return { setting: this.#best, reason: "settle" };
  }

  /** The first move tried is the one that paid last; the others follow in turn. */
  #advance(): void {
    this.#stride = 1;
    this.#move = (this.#move + 1) % moves.length;
    this.#tried += 1;
  }

  #neighbour({ clamp, mayRaiseConcurrency }: SearchLimits): BatchSetting | undefined {
    const { batchSize, concurrency } = this.#best;
    const move = moves[this.#move]!;
    if (move.concurrency > 0 && !mayRaiseConcurrency) return undefined;
    const length = (steps[this.#step] ?? 1) * this.#stride;
    const setting = clamp({
      batchSize: stepped(batchSize, move.size * length),
      concurrency: stepped(concurrency, move.concurrency * length),
    });
    const same = setting.batchSize === batchSize && setting.concurrency === concurrency;
    return same ? undefined : setting;
  }
}

/** A whole number changed by some doublings, by at least one when it is to change. */
function stepped(value: number, doublings: number): number {
  const scaled = Math.round(value * 2 ** doublings);
  return scaled === value ? value + Math.sign(doublings) : scaled;
}

function nameOf({ batchSize, concurrency }: BatchSetting): string {
  return `${batchSize}×${concurrency}`;
}
