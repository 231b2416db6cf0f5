import { dirname } from "node:path";
import { DiskFile, type Survival } from "./disk-file.ts";
import type { IoRecord } from "./io-log.ts";

type NameChange =
  | { readonly kind: "create"; readonly path: string; readonly file: DiskFile }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly target: string };

/** Files by name. */
type Names = Map<string, DiskFile>;

/**
 * A disk with a volatile cache, fed with what a process did, that can answer
 * at any moment what may be on it after a power failure:
 *
 * - what a sync covered is there, from the end of that sync;
 * - every other write is there, lost, or torn between sectors, in any combination;
 * - the size of a file and the names in a directory are kept up to some moment
 *   since their last sync, as by the journal of a file system. The sync of a
 *   file does not keep its name; that takes a sync of the directory.
 */
export class Disk {
  readonly #files = new Map<bigint, DiskFile>();
  readonly #directories = new Map<bigint, string>();
  readonly #syncs = new Map<number, () => void>();
  readonly #stableNames: Names = new Map();
  readonly #names: Names = new Map();
  #nameChanges: NameChange[] = [];

  apply(record: IoRecord): void {
    switch (record.kind) {
      case "directory":
        this.#directories.set(record.file, record.path);
        return;
      case "create": {
        // The number of a removed file may be given to a new one.
        const file = new DiskFile();
        this.#files.set(record.file, file);
        this.#rename({ kind: "create", path: record.path, file });
        return;
      }
      case "remove":
      case "rename":
        if (this.#names.has(record.path)) this.#rename(record);
        return;
      case "write":
        this.#file(record.file).write(record.offset, record.data);
        return;
      case "truncate":
        this.#file(record.file).truncate(record.size);
        return;
      case "sync-begin":
        this.#syncs.set(record.sync, this.#beginSync(record.file));
        return;
      case "sync-end":
        this.#syncs.get(record.sync)?.();
        this.#syncs.delete(record.sync);
        return;
      case "mark":
        return;
    }
  }

  /** What a power failure now may leave, by path. */
  image(survival: Survival, random: () => number): ReadonlyMap<string, Buffer> {
    const names: Names = new Map(this.#stableNames);
    const all = this.#nameChanges.length;
    const kept = { nothing: 0, everything: all, prefix: -1, scattered: -1 }[survival];
    const count = kept === -1 ? Math.floor(random() * (all + 1)) : kept;
    for (const change of this.#nameChanges.slice(0, count)) applyName(names, change);
    return new Map([...names].map(([path, file]) => [path, file.image(survival, random)]));
  }

  #file(number: bigint): DiskFile {
    const file = this.#files.get(number);
    if (file === undefined) throw new Error(`File ${number} was changed before it was made.`);
    return file;
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change);
    this.#nameChanges.push(change);
  }

  #beginSync(number: bigint): () => void {
    const directory = this.#directories.get(number);
    if (directory === undefined) {
      const file = this.#file(number);
      const { reach } = file;
      return () => file.settle(reach);
    }
    const covered = new Set(this.#nameChanges.filter((change) => concerns(change, directory)));
    return () => {
      for (const change of covered) applyName(this.#stableNames, change);
      this.#nameChanges = this.#nameChanges.filter((change) => !covered.has(change));
    };
  }
}

function applyName(names: Names, change: NameChange): void {
  if (change.kind === "create") {
    names.set(change.path, change.file);
    return;
  }
  const file = names.get(change.path);
  names.delete(change.path);
  if (change.kind === "rename" && file !== undefined) names.set(change.target, file);
}

function concerns(change: NameChange, directory: string): boolean {
  const path = change.kind === "rename" ? change.target : change.path;
  return (dirname(path) === "." ? "" : dirname(path)) === directory;
}
