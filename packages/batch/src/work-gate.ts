/** Lets work begin while there is room and nobody has paused it. */
export class WorkGate {
  readonly #limit: () => number;
  #running = 0;
  #paused = false;
  #waiting: (() => void)[] = [];

  /** `limit` says how much may run at a time; call `wake` when it has grown. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(value: boolean) {
    this.#paused = value;
    this.wake();
  }

  /** Resolves when there is room, or when `ended` says that nothing will begin any more. */
  async room(ended: () => boolean): Promise<void> {
    while (!ended() && (this.#paused || this.#running >= this.#limit())) await this.#change();
  }

  /** Resolves when nothing runs. */
  async quiet(): Promise<void> {
    while (this.#running > 0) await this.#change();
  }

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    this.wake();
  }

  /** Makes everybody who waits look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
