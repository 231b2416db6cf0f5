import { covers, type Invalidation } from "./invalidation.ts";

/** One load, or one question to the second level, under way. */
export interface Flight {
  readonly key: string;
  /** Undefined when they are not known: then they may be any. */
  readonly tags: readonly string[] | undefined;
  /** Something that covers the key was invalidated since it began: its result is not kept. */
  overtaken: boolean;
}

/**
 * What is under way. A load that is overtaken is taken out, so that whoever asks
 * from then on begins one of their own; those who had asked before still get it.
 */
export class Flights {
  readonly #loads = new Map<string, Flight & { promise: Promise<unknown> | undefined }>();
  readonly #questions = new Set<Flight>();

  /** The load that whoever asks now may share. */
  get(key: string): Promise<unknown> | undefined {
    return this.#loads.get(key)?.promise;
  }

  /** Begins a load that others share. */
  begin(
    key: string,
    tags: readonly string[],
    run: (flight: Flight) => Promise<unknown>,
  ): Promise<unknown> {
    const flight: Flight & { promise: Promise<unknown> | undefined } = {
      key,
      tags,
      overtaken: false,
      promise: undefined,
    };
    // Before it runs, so that nothing is invalidated unseen.
    this.#loads.set(key, flight);
    const promise = run(flight).finally(() => {
      if (this.#loads.get(key) === flight) this.#loads.delete(key);
    });
    flight.promise = promise;
    return promise;
  }

  /** Begins a question that nobody shares. */
  ask(key: string): Flight {
    const question: Flight = { key, tags: undefined, overtaken: false };
    this.#questions.add(question);
    return question;
  }

  end(question: Flight): void {
    this.#questions.delete(question);
  }

  overtake(invalidation: Invalidation): void {
    for (const flight of [...this.#loads.values(), ...this.#questions]) {
      if (!covers(invalidation, flight.key, flight.tags)) continue;
      flight.overtaken = true;
      if (!this.#questions.delete(flight)) this.#loads.delete(flight.key);
    }
  }
}
