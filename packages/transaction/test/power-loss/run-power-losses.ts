/**
 * Lets the power fail at random moments of recorded workloads. Each image of
 * the disk is opened as any store is, checked, and compared with what callers
 * had been told before that moment.
 */
import type { Told } from "../fixtures/bank.ts";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import type { PlantedFault } from "../fixtures/planted-faults.ts";
import { compilePreload } from "../fixtures/preload.ts";
import { randomFrom } from "../seeded-random.ts";
import { checkImage, writeImage } from "./check-image.ts";
import { Disk } from "./disk.ts";
import type { Survival } from "./disk-file.ts";
import { type IoRecord, logBeginnings } from "./io-log.ts";
import { recordWorkload } from "./record-workload.ts";

export interface PowerLossOptions {
  readonly images: number;
  readonly seed: number;
  readonly fault?: PlantedFault;
}

/** What the images showed. */
export interface PowerLossFigures {
  images: number;
  /** Those from which something was missing, or that contradicted themselves. */
  bad: number;
  recordings: number;
  /** File operations of all recordings. */
  operations: number;
  syncs: number;
  /** How often a log began or started again. */
  beginnings: number;
  /** Acknowledged as durable, in all recordings. */
  durable: number;
  /** Acknowledged transactions looked for in images, one image after the other. */
  lookedFor: number;
  readonly contradictions: string[];
}

const imagesPerRecording = 250;
const transactionsPerSession = 60;
const slowSyncUs = 2_000;
const survivals: readonly Survival[] = [
  "nothing",
  "everything",
  "prefix",
  "scattered",
  "scattered",
];
/** Bad images of which the contradictions are kept. */
const badKeptMax = 20;

export async function runPowerLosses(options: PowerLossOptions): Promise<PowerLossFigures> {
  using directory = memoryDirectory();
  const suite = new PowerLossSuite(options.seed, directory.file("image"));
  const { figures } = suite;
  const library = compilePreload(directory);
  while (figures.images < options.images) {
    const seed = suite.drawSeed();
    const { records } = await recordWorkload({
      library,
      seed,
      transactions: transactionsPerSession,
      // Every other device is slow, so that commits overlap with syncs.
      syncDelayUs: figures.recordings % 2 === 0 ? slowSyncUs : 0,
      ...(options.fault === undefined ? {} : { fault: options.fault }),
    });
    await suite.losePower(records, Math.min(imagesPerRecording, options.images - figures.images));
  }
  return figures;
}

class PowerLossSuite {
  readonly figures: PowerLossFigures = {
    images: 0,
    bad: 0,
    recordings: 0,
    operations: 0,
    syncs: 0,
    beginnings: 0,
    durable: 0,
    lookedFor: 0,
    contradictions: [],
  };
  readonly #random: () => number;
  readonly #imagePath: string;

  constructor(seed: number, imagePath: string) {
    this.#random = randomFrom(seed);
    this.#imagePath = imagePath;
  }

  drawSeed(): number {
    return Math.floor(this.#random() * 2 ** 31);
  }

  /** Replays a recording and stops `count` times to look at what the disk may hold. */
  async losePower(records: readonly IoRecord[], count: number): Promise<void> {
    const { figures } = this;
    const disk = new Disk();
    const told: Told[] = [];
    const cuts = randomCuts(records, count, this.#random);
    for (const [index, record] of records.entries()) {
      for (; cuts.at(-1) === index; cuts.pop()) await this.#look(disk, told, index);
      disk.apply(record);
      if (record.kind === "mark") told.push(JSON.parse(record.text) as Told);
    }
    for (; cuts.length > 0; cuts.pop()) await this.#look(disk, told, records.length);
    figures.recordings += 1;
    figures.operations += records.length;
    figures.syncs += records.filter(({ kind }) => kind === "sync-end").length;
    figures.beginnings += logBeginnings(records).length;
    figures.durable += told.filter(isDurable).length;
  }

  async #look(disk: Disk, told: readonly Told[], index: number): Promise<void> {
    const { figures } = this;
    const survival = survivals[figures.images % survivals.length] ?? "nothing";
    const files = disk.image(survival, this.#random);
    const image = writeImage(this.#imagePath, files, this.#random);
    const found = await checkImage(image, told, figures.images);
    figures.images += 1;
    figures.lookedFor += told.filter(isDurable).length;
    if (found.length === 0) return;
    figures.bad += 1;
    if (figures.bad > badKeptMax) return;
    const at = `image ${figures.images}, behind operation ${index}, ${survival}`;
    figures.contradictions.push(...found.map((sentence) => `${at}: ${sentence}`));
  }
}

function isDurable({ fate }: Told): boolean {
  return fate === "durable";
}

/**
 * Where the file has its form: the first sync after the journal that protects
 * its making was removed. What comes before is the matter of creation.test.ts.
 */
export function endOfCreation(records: readonly IoRecord[]): number {
  const removed = records.findIndex(({ kind }) => kind === "remove");
  return records.findIndex(({ kind }, index) => index > removed && kind === "sync-end") + 1;
}

/** So many operations behind the new header of a log are looked at with care. */
const beginningOperations = 8;

/**
 * Latest first. Half of them right behind an acknowledgement, where most is at stake, a quarter
 * where a log has begun, where what it held before may still be on the disk.
 */
function randomCuts(records: readonly IoRecord[], count: number, random: () => number): number[] {
  const first = endOfCreation(records);
  const pick = (among: number): number => Math.floor(random() * among);
  const behindMarks = records.flatMap(({ kind }, index) => (kind === "mark" ? [index + 1] : []));
  const beginnings = logBeginnings(records).filter((at) => at > first);
  const ways = [
    () => behindMarks[pick(behindMarks.length)],
    () => first + pick(records.length + 1 - first),
    () => behindMarks[pick(behindMarks.length)],
    () => (beginnings[pick(beginnings.length)] ?? first) + 1 + pick(beginningOperations),
  ];
  const cuts = Array.from({ length: count }, (_, index) => ways[index % ways.length]?.() ?? first);
  return cuts.map((cut) => Math.min(cut, records.length)).toSorted((a, b) => b - a);
}

/** One line for people. */
export function describePowerLosses(figures: PowerLossFigures, { seed }: PowerLossOptions): string {
  const { images, bad, recordings, operations, syncs, beginnings, durable, lookedFor } = figures;
  return (
    `power loss: ${images} images of ${recordings} recordings (${operations} file operations, ` +
    `${syncs} syncs, ${beginnings} beginnings of a log, ${durable} durable transactions), ${lookedFor} acknowledged transactions ` +
    `looked for, ${bad} images bad, seed ${seed}`
  );
}
