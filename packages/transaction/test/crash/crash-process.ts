import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Told } from "../fixtures/bank.ts";
import { childEnvironment } from "../fixtures/child-environment.ts";
import type { CrashLine, CrashOrders } from "../fixtures/crash-child.ts";

/** A process that changes stores until it is killed, and what it has said. */
export class CrashProcess {
  /** Resolves when it is at work, or gone. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone and everything it said has been read. */
  readonly ended: Promise<void>;
  readonly contradictions: string[] = [];
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #told = new Map<number, Told[]>();

  /** Starts it; it waits for orders. */
  constructor() {
    const script = join(import.meta.dirname, "../fixtures/crash-child.ts");
    this.#process = spawn(process.execPath, ["--conditions=@atlas/source", script], {
      stdio: ["pipe", "pipe", "inherit"],
      env: childEnvironment,
    });
    // The pipe breaks when the process dies; its end is noticed below.
    this.#process.stdin.on("error", () => undefined);
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ended = once(this.#process, "close").then(() => ready.resolve());
    createInterface({ input: this.#process.stdout }).on("line", (text) => {
      const line = parseWhole(text);
      if (line === "ready") ready.resolve();
      else if (line !== undefined && "told" in line) this.#hear(line.store, line.told);
      else if (line !== undefined) this.contradictions.push(line.contradiction);
    });
  }

  order(orders: CrashOrders): void {
    this.#process.stdin.write(`${JSON.stringify(orders)}\n`);
  }

  /** What its callers have been told of a store so far. */
  told(store: number): readonly Told[] {
    return [...(this.#told.get(store) ?? [])];
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  #hear(store: number, told: Told): void {
    const known = this.#told.get(store);
    if (known === undefined) this.#told.set(store, [told]);
    else known.push(told);
  }
}

/** A line that the kill has cut off was not told. */
function parseWhole(text: string): CrashLine | undefined {
  try {
    return JSON.parse(text) as CrashLine;
  } catch {
    return undefined;
  }
}
