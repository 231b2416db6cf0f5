import { AtlasError } from "@atlas/errors";
import { openSqlite } from "@atlas/storage/sqlite";
import type { TemporaryDirectory } from "@atlas/storage/testing";
import { findAfterRecovery } from "../fixtures/after-recovery.ts";
import { findContradictions, type Told } from "../fixtures/bank.ts";
import type { CrashProcess } from "./crash-process.ts";

/** Some stores that are changed by one process after the other, and what callers know of them. */
export class CrashSite implements Disposable {
  readonly stores: readonly string[];
  readonly #directory: TemporaryDirectory;
  readonly #told: readonly Told[][];

  constructor(directory: TemporaryDirectory, count: number) {
    this.#directory = directory;
    this.stores = Array.from({ length: count }, (_, store) => directory.file(`${store}.db`));
    this.#told = this.stores.map(() => []);
  }

  /**
   * Opens every store and answers with what contradicts its callers. Processes
   * that are still at work count with what they have told so far.
   *
   * @param recovers whether to recover first and to compare all parts; not while a process works
   */
  async compare(processes: readonly CrashProcess[], recovers: boolean): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [store, path] of this.stores.entries()) {
      const told = [
        ...(this.#told[store] ?? []),
        ...processes.flatMap((process) => process.told(store)),
      ];
      found.push(...(await compareStore(path, told, recovers)));
    }
    return found;
  }

  /** Keeps what processes told that are gone now. */
  remember(processes: readonly CrashProcess[]): void {
    for (const [store, told] of this.#told.entries())
      told.push(...processes.flatMap((process) => process.told(store)));
  }

  /** How many transactions ended in one of these ways. */
  count(...fates: readonly Told["fate"][]): number {
    return this.#told.flat().filter(({ fate }) => fates.includes(fate)).length;
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

async function compareStore(
  path: string,
  told: readonly Told[],
  recovers: boolean,
): Promise<readonly string[]> {
  try {
    await using database = await openSqlite(path, { readers: 1, healthCheckMs: 0 });
    const found = await findContradictions(database, told);
    return recovers ? [...found, ...(await findAfterRecovery(database, path, { told }))] : found;
  } catch (error) {
    if (AtlasError.is(error)) return [`A store does not open: ${error.code} ${error.message}`];
    throw error;
  }
}
