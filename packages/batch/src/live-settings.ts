import { checkOptions } from "@atlas/errors";
import type { BatchSettings } from "./batch-job.ts";
import { optionNames, settingRules, type ResolvedBatchOptions } from "./batch-options.ts";
import { batchError } from "./errors.ts";
import { resolveRetry, type RetryOptions } from "./retry-policy.ts";

type FixedOptions = Pick<
  ResolvedBatchOptions<never, never, never>,
  "strategy" | "mode" | "batchSize" | "concurrency" | "retry" | "skipLimit"
>;

/** What holds for the next batch of a job. */
export class LiveSettings {
  batchSize: number;
  concurrency: number;
  retry: Required<RetryOptions>;
  skipLimit: number;
  readonly #changeable: ReadonlySet<string>;

  constructor(options: FixedOptions) {
    this.batchSize = options.batchSize;
    this.concurrency = options.concurrency;
    this.retry = options.retry;
    this.skipLimit = options.skipLimit;
    this.#changeable = new Set(["retry", "skipLimit", ...shapeOf(options)]);
  }

  /**
   * Changes what is given, `adaptive` excepted, or nothing when something is refused.
   *
   * @throws {AtlasError} batch.option_fixed
   * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
   */
  change(settings: BatchSettings): readonly string[] {
    const names = Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );
    const fixed = names.find((name) => optionNames.includes(name) && !this.#changeable.has(name));
    if (fixed !== undefined) throw optionFixed(fixed, [...this.#changeable]);
    checkOptions<object>("configure", settings, { ...settingRules, retry: "any", adaptive: "any" });
    this.retry = resolveRetry(settings.retry ?? {}, this.retry);
    this.batchSize = settings.batchSize ?? this.batchSize;
    this.concurrency = settings.concurrency ?? this.concurrency;
    this.skipLimit = settings.skipLimit ?? this.skipLimit;
    return names;
  }
}

/** The options that say how batches are cut, as far as the job leaves them to the caller. */
function shapeOf({ strategy, mode }: FixedOptions): readonly string[] {
  if (mode === "all-or-nothing") return [];
  if (strategy === "adaptive") return ["adaptive"];
  return strategy === "sequential" ? ["batchSize"] : ["batchSize", "concurrency"];
}

function optionFixed(option: string, changeable: readonly string[]): Error {
  return batchError(
    "batch.option_fixed",
    `The option "${option}" cannot be changed in this job. It can change ${changeable.join(", ")}.`,
    { details: { option, changeable } },
  );
}
