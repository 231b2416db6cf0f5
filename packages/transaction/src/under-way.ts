/** What has begun and not ended, so that closing can wait for it. @internal */
export class UnderWay {
  readonly #work = new Set<Promise<unknown>>();

  /** Answers with the same outcome, and counts the work until then. */
  track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }

  /** Resolves when all has ended, also what began meanwhile. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
