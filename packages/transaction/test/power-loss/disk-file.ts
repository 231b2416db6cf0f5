/** What a disk writes whole or not at all, in bytes. */
export const sectorBytes = 512;

/** A change that is not synced yet. */
type Change =
  | { readonly kind: "write"; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly size: number };

/** How much of what was not synced a power failure leaves. */
export type Survival = "nothing" | "everything" | "prefix" | "scattered";

/** The content of a file: what is on stable storage, and what may get there. */
export class DiskFile {
  #stable: Buffer = Buffer.alloc(0);
  #changes: Change[] = [];
  /** Changes that became stable, so that a sync can say up to which one it reaches. */
  #settled = 0;

  write(offset: number, data: Buffer): void {
    this.#changes.push({ kind: "write", offset, data });
  }

  truncate(size: number): void {
    this.#changes.push({ kind: "truncate", size });
  }

  /** Where a sync that begins now reaches. */
  get reach(): number {
    return this.#settled + this.#changes.length;
  }

  /** A sync has succeeded that began at `reach`. */
  settle(reach: number): void {
    const count = reach - this.#settled;
    if (count <= 0) return;
    const changes = this.#changes.splice(0, count);
    this.#stable = replay(this.#stable, changes, keepingAll);
    this.#settled = reach;
  }

  /** A content that may be found after a power failure now. */
  image(survival: Survival, random: () => number): Buffer {
    const all = this.#changes.length;
    if (survival === "nothing" || all === 0) return this.#stable;
    if (survival === "everything") return replay(this.#stable, this.#changes, keepingAll);
    const sizeReach = Math.floor(random() * (all + 1));
    if (survival === "prefix") {
      const last = sizeReach - 1;
      // The last write that got through may have been cut anywhere between two sectors.
      const torn = tornSectors(random);
      const versionOf = (sector: number): number => (torn(sector) ? last : last - 1);
      return replay(this.#stable, this.#changes, { sizeReach, versionOf });
    }
    const versions = this.#scatter(random);
    const versionOf = (sector: number): number => versions.get(sector) ?? -1;
    return replay(this.#stable, this.#changes, { sizeReach, versionOf });
  }

  /** Each write is kept, lost or torn by itself, whatever came before it. */
  #scatter(random: () => number): ReadonlyMap<number, number> {
    const versions = new Map<number, number>();
    for (const [index, change] of this.#changes.entries()) {
      if (change.kind !== "write") continue;
      const fate = random();
      if (fate < 0.35) continue;
      for (const sector of sectorsOf(change))
        if (fate < 0.7 || random() < 0.5) versions.set(sector, index);
    }
    return versions;
  }
}

/** Which sectors of a torn write are the new ones. */
function tornSectors(random: () => number): (sector: number) => boolean {
  const drawn = new Map<number, boolean>();
  return (sector) => {
    let torn = drawn.get(sector);
    if (torn === undefined) drawn.set(sector, (torn = random() < 0.5));
    return torn;
  };
}

function sectorsOf({ offset, data }: { offset: number; data: Buffer }): readonly number[] {
  const first = Math.floor(offset / sectorBytes);
  const end = Math.ceil((offset + data.length) / sectorBytes);
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** What of the changes got through. */
interface Kept {
  /** Changes of the size before this one have happened. */
  readonly sizeReach: number;
  /** The index of the last change that a sector has. */
  readonly versionOf: (sector: number) => number;
}

const keepingAll: Kept = {
  sizeReach: Number.POSITIVE_INFINITY,
  versionOf: () => Number.POSITIVE_INFINITY,
};

/**
 * The content when of some changes only a part got through. A sector that holds
 * a later write holds the earlier ones too, because the cache has one content
 * per sector. What the size says is there and no write has reached is zero.
 * Behind a cut that was lost, blocks given out later are lost with it.
 */
function replay(stable: Buffer, changes: readonly Change[], kept: Kept): Buffer {
  let size = stable.length;
  const content = Buffer.alloc(Math.max(size, ...changes.map(endOf)));
  stable.copy(content);
  let lostCutAt = Number.POSITIVE_INFINITY;

  for (const [index, change] of changes.entries()) {
    const sizeCounts = index < kept.sizeReach;
    if (change.kind === "truncate") {
      if (!sizeCounts) {
        lostCutAt = Math.min(lostCutAt, change.size);
        continue;
      }
      content.fill(0, change.size);
      size = change.size;
      continue;
    }
    for (const sector of sectorsOf(change)) {
      const isLost = !sizeCounts && sector * sectorBytes >= lostCutAt;
      if (!isLost && index <= kept.versionOf(sector)) copySector(change, sector, content);
    }
    if (sizeCounts) size = Math.max(size, endOf(change));
  }
  return content.subarray(0, size);
}

function endOf(change: Change): number {
  return change.kind === "write" ? change.offset + change.data.length : change.size;
}

function copySector(write: Change & { kind: "write" }, sector: number, content: Buffer): void {
  const from = Math.max(sector * sectorBytes, write.offset);
  const to = Math.min((sector + 1) * sectorBytes, endOf(write));
  write.data.copy(content, from, from - write.offset, to - write.offset);
}
