/**
 * Kills processes that change stores, and compares each store with what its
 * callers were told. A round is one kill, one store that the process was
 * changing then, and the comparison. Processes come in pairs on the same
 * stores, so that one is killed while the other has work in flight, and stores
 * are killed again and again before they are replaced.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "@atlas/storage/testing";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import type { PlantedFault } from "../fixtures/planted-faults.ts";
import { randomFrom } from "../seeded-random.ts";
import { CrashProcess } from "./crash-process.ts";
import { CrashSite } from "./crash-site.ts";

export interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly fault?: PlantedFault;
  /** Where processes die; default: at all `points`, and at any moment. */
  readonly points?: readonly Point[];
}

/** A point at which a process kills itself, and the most often that it passes it before. */
type Point = readonly [name: string, timesMax: number];

/** What the rounds found. */
export interface CrashFigures {
  rounds: number;
  kills: number;
  /** Kills by the point at which the process died. */
  readonly points: Map<string, number>;
  acknowledged: number;
  refused: number;
  readonly contradictions: string[];
}

const allPoints: readonly Point[] = [
  ["begin", 60],
  ["halfway", 15],
  ["group", 30],
  ["sync", 30],
  ["commit", 60],
  ["rollback", 10],
  ["file staged", 15],
  ["file prepared", 10],
  ["file committed", 10],
  ["file applied", 15],
  ["file synced", 10],
  ["file forgotten", 10],
  // What is left by a kill is little, so these are reached at once or not at all.
  ["recovery: file applied", 3],
  ["recovery: file synced", 1],
  ["recovery: file forgotten", 1],
  ["recovery: begin", 6],
  ["recovery: sync", 6],
];

/** Share of the processes that get a point; the others die at any moment within `momentMaxMs`. */
const pointShare = 0.6;
const momentMaxMs = 150;
/** A process that does not reach its point is killed after so many milliseconds. */
const patienceMs = 500;
const anyMoment = "any moment";

const storesPerProcess = 4;
const pairsPerSite = 5;

export async function runCrashes(options: CrashOptions): Promise<CrashFigures> {
  const suite = new CrashSuite(options);
  let next = suite.start();
  try {
    for (let number = 0; suite.figures.rounds < options.rounds; number += 1) {
      // In memory syncs are fast and much happens between two kills; on a disk they overlap.
      const directory = number % 2 === 0 ? memoryDirectory() : temporaryDirectory();
      using site = new CrashSite(directory, storesPerProcess);
      for (let pair = 0; pair < pairsPerSite && suite.figures.rounds < options.rounds; pair += 1) {
        const processes = next;
        const deaths = [
          suite.order(processes[0], site, { pair, index: 0 }),
          suite.order(processes[1], site, { pair, index: 1 }),
        ] as const;
        await Promise.all(processes.map(({ ready }) => ready));
        // The next two load their code while these two work.
        next = suite.start();
        const [first, second] = deaths;
        await suite.crash(first, { site, processes, recovers: false });
        // What is left over now and then is the matter of the next two.
        const recovers = pair % 2 === 0 || pair + 1 === pairsPerSite;
        await suite.crash(second, { site, processes, recovers });
        site.remember(processes);
      }
      suite.figures.acknowledged += site.count("durable", "relaxed");
      suite.figures.refused += site.count("refused");
    }
  } finally {
    await Promise.all(next.map((process) => process.kill()));
  }
  return suite.figures;
}

type Pair = readonly [CrashProcess, CrashProcess];

/** How a process is going to die. */
interface Death {
  readonly process: CrashProcess;
  readonly point: string;
  readonly afterMs: number;
}

/** Where it dies. */
interface Scene {
  readonly site: CrashSite;
  readonly processes: Pair;
  /** Whether nobody is left then and the stores are brought into order. */
  readonly recovers: boolean;
}

class CrashSuite {
  readonly figures: CrashFigures = {
    rounds: 0,
    kills: 0,
    points: new Map(),
    acknowledged: 0,
    refused: 0,
    contradictions: [],
  };
  readonly #options: CrashOptions;
  readonly #random: () => number;

  constructor(options: CrashOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  start(): Pair {
    return [new CrashProcess(), new CrashProcess()];
  }

  order(
    process: CrashProcess,
    { stores }: CrashSite,
    { pair, index }: { readonly pair: number; readonly index: number },
  ): Death {
    const below = (limit: number): number => Math.floor(this.#random() * limit);
    const { fault, points = allPoints } = this.#options;
    const [name, timesMax] = points[below(points.length)] ?? [anyMoment, 1];
    const atPoint = this.#random() < pointShare || this.#options.points !== undefined;
    process.order({
      writer: `w${pair}${index}`,
      holder: `holder ${index}`,
      seed: below(2 ** 31),
      stores,
      ...(fault === undefined ? {} : { fault }),
      ...(atPoint ? { point: { name, times: 1 + below(timesMax) } } : {}),
    });
    return atPoint
      ? { process, point: name, afterMs: patienceMs }
      : { process, point: anyMoment, afterMs: below(momentMaxMs) };
  }

  async crash(death: Death, { site, processes, recovers }: Scene): Promise<void> {
    const { process, afterMs } = death;
    const byItself = process.ended.then(() => death.point);
    const point = await Promise.race([byItself, sleep(afterMs, anyMoment)]);
    await process.kill();
    const { figures } = this;
    figures.kills += 1;
    figures.rounds += site.stores.length;
    figures.points.set(point, (figures.points.get(point) ?? 0) + 1);
    figures.contradictions.push(
      ...processes.flatMap(({ contradictions }) => contradictions.splice(0)),
      ...(await site.compare(processes, recovers)),
    );
  }
}

/** One line for people. */
export function describeCrashes(figures: CrashFigures, seed: number): string {
  const kills = [...figures.points].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    `crash: ${figures.rounds} rounds, ${figures.kills} kills ` +
    `(${kills.map(([point, count]) => `${point} ${count}`).join(", ")}), ` +
    `${figures.acknowledged} acknowledged, ${figures.refused} refused, ` +
    `${figures.contradictions.length} contradictions, seed ${seed}`
  );
}
