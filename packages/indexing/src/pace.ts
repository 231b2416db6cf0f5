/**
 * Divides long work into slices, so that whoever waits for the event loop or
 * for the writer waits for one slice only.
 */
import { setImmediate } from "node:timers/promises";
import { indexError } from "./errors.ts";
import type { IndexDeclaration } from "./index-declaration.ts";
import type { ResolvedIndexOptions } from "./index-options.ts";

/** What a run may be told. */
export interface IndexRunOptions {
  /** Ends the run between two slices, with `index.aborted`. */
  readonly signal?: AbortSignal;
}

/** Bounds of a slice, in rows or words. */
const slice = { first: 256, min: 16, max: 16_384 } as const;

/** A slice that took longer than this makes the next one shorter. */
const sliceMs = 12;

/** How much of an index is done. */
export class Pace {
  readonly #options: Pick<ResolvedIndexOptions, "monotonicClock" | "onEvent">;
  readonly #run: { readonly phase: "verify" | "rebuild"; readonly signal?: AbortSignal };
  readonly #declaration: IndexDeclaration;
  #length: number = slice.first;
  #startedAt: number;
  #done = 0;
  #slices = 0;
  #longestMs = 0;

  constructor(
    options: Pick<ResolvedIndexOptions, "monotonicClock" | "onEvent">,
    run: { readonly phase: "verify" | "rebuild"; readonly signal?: AbortSignal },
    declaration: IndexDeclaration,
  ) {
    this.#options = options;
    this.#run = run;
    this.#declaration = declaration;
    this.#startedAt = options.monotonicClock();
  }

  /** Rows or words the next slice should have. */
  get length(): number {
    return this.#length;
  }

  get slices(): number {
    return this.#slices;
  }

  /** Of the slices so far, without waiting, in milliseconds. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** To be called when a slice begins that had to wait for the writer. */
  begin(): void {
    this.#startedAt = this.#options.monotonicClock();
  }

  /**
   * Ends a slice: lets others run and goes on.
   *
   * @throws {AtlasError} index.aborted
   */
  async next(rows: number): Promise<void> {
    const tookMs = this.#options.monotonicClock() - this.#startedAt;
    this.#slices += 1;
    this.#done += rows;
    this.#longestMs = Math.max(this.#longestMs, tookMs);
    const factor = tookMs > sliceMs ? 0.5 : tookMs < sliceMs / 3 ? 2 : 1;
    this.#length = Math.min(Math.max(this.#length * factor, slice.min), slice.max);
    const { name: index, kind } = this.#declaration;
    const { phase, signal } = this.#run;
    this.#options.onEvent({ type: "index.progress", index, kind, phase, done: this.#done });
    await setImmediate();
    checkSignal(signal);
    this.begin();
  }
}

/** @throws {AtlasError} index.aborted */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw indexError(
    "index.aborted",
    "The work on the indexes was ended by its signal. Start it again; what was done stays done.",
    { cause: signal.reason },
  );
}
