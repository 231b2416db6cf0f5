import { basename, dirname } from "node:path";
import { DiskFile, type Survival } from "./disk-file.ts";
import type { IoRecord } from "./io-log.ts";

/** What a name leads to; a file may have several. */
interface Inode {
  readonly number: bigint;
  /** Absent: a directory. */
  readonly file?: DiskFile;
}

/** A name in a directory, which is not the one that had the same path before it. */
interface Place {
  readonly directory: Inode;
  readonly name: string;
}

/** One step, of a rename both sides; the last place is the one whose directory keeps it. */
interface NameChange {
  readonly removed?: Place;
  readonly added?: Place & { readonly inode: Inode };
}

/** What directories hold. */
type Names = Map<Inode, ReadonlyMap<string, Inode>>;

/** What is found at a path; the same object at each path of one file. */
export interface ImageEntry {
  /** Number of the file in the recording. */
  readonly number: bigint;
  /** Absent: a directory. */
  readonly content?: Buffer;
}

/**
 * A disk with a volatile cache, fed with what a process did, that can answer
 * at any moment what may be on it after a power failure:
 *
 * - what a sync covered is there, from the end of that sync;
 * - every other write is there, lost, or torn between sectors, in any combination;
 * - the size of a file and the names in a directory are kept up to some moment
 *   since their last sync, as by the journal of a file system. The sync of a
 *   file does not keep its name; that takes a sync of the directory, whose own
 *   name is kept by that of the directory around it.
 */
export class Disk {
  readonly #files = new Map<bigint, DiskFile>();
  readonly #directories = new Map<bigint, Inode>();
  readonly #syncs = new Map<number, () => void>();
  readonly #stableNames: Names = new Map();
  /** What the process sees, by path; the outermost directory is "". */
  readonly #seen = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];

  apply(record: IoRecord): void {
    switch (record.kind) {
      case "directory": {
        const inode = { number: record.file };
        this.#directories.set(record.file, inode);
        if (record.path === "") this.#seen.set("", inode);
        else this.#add(record.path, inode);
        return;
      }
      case "create": {
        // The number of a removed file may be given to a new one.
        const file = new DiskFile();
        this.#files.set(record.file, file);
        this.#add(record.path, { number: record.file, file });
        return;
      }
      case "link":
        this.#add(record.target, this.#at(record.path));
        return;
      case "remove":
        // Names that were never recorded, as of shared memory, are not missed.
        if (this.#seen.delete(record.path))
          this.#nameChanges.push({ removed: this.#place(record.path) });
        return;
      case "rename":
        if (this.#seen.has(record.path)) this.#rename(record.path, record.target);
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

  /** What a power failure now may leave, by path; directories before what is in them. */
  image(survival: Survival, random: () => number): ReadonlyMap<string, ImageEntry> {
    const names: Names = new Map(this.#stableNames);
    const all = this.#nameChanges.length;
    const kept = { nothing: 0, everything: all, prefix: -1, scattered: -1 }[survival];
    const count = kept === -1 ? Math.floor(random() * (all + 1)) : kept;
    for (const change of this.#nameChanges.slice(0, count)) applyName(names, change);
    const entries = new Map<Inode, ImageEntry>();
    const image = new Map<string, ImageEntry>();
    const list = (directory: Inode, path: string): void => {
      for (const [name, inode] of names.get(directory) ?? []) {
        const entry = entries.get(inode) ?? entryOf(inode, survival, random);
        entries.set(inode, entry);
        image.set(path + name, entry);
        if (inode.file === undefined) list(inode, `${path}${name}/`);
      }
    };
    list(this.#at(""), "");
    return image;
  }

  #at(path: string): Inode {
    const inode = this.#seen.get(path);
    if (inode === undefined) throw new Error(`"${path}" was used before it was made.`);
    return inode;
  }

  #place(path: string): Place {
    const around = dirname(path);
    return { directory: this.#at(around === "." ? "" : around), name: basename(path) };
  }

  #add(path: string, inode: Inode): void {
    this.#seen.set(path, inode);
    this.#nameChanges.push({ added: { ...this.#place(path), inode } });
  }

  #rename(path: string, target: string): void {
    const inode = this.#at(path);
    this.#seen.delete(path);
    this.#seen.set(target, inode);
    const added = { ...this.#place(target), inode };
    this.#nameChanges.push({ removed: this.#place(path), added });
  }

  #file(number: bigint): DiskFile {
    const file = this.#files.get(number);
    if (file === undefined) throw new Error(`File ${number} was changed before it was made.`);
    return file;
  }

  #beginSync(number: bigint): () => void {
    const directory = this.#directories.get(number);
    if (directory === undefined) {
      const file = this.#file(number);
      const { reach } = file;
      return () => file.settle(reach);
    }
    const covered = new Set(
      this.#nameChanges.filter(({ removed, added }) => (added ?? removed)?.directory === directory),
    );
    return () => {
      for (const change of covered) applyName(this.#stableNames, change);
      this.#nameChanges = this.#nameChanges.filter((change) => !covered.has(change));
    };
  }
}

function entryOf({ number, file }: Inode, survival: Survival, random: () => number): ImageEntry {
  return file === undefined ? { number } : { number, content: file.image(survival, random) };
}

function applyName(names: Names, { removed, added }: NameChange): void {
  if (removed !== undefined) {
    const left = new Map(names.get(removed.directory));
    left.delete(removed.name);
    names.set(removed.directory, left);
  }
  if (added !== undefined) {
    const { directory, name, inode } = added;
    names.set(directory, new Map(names.get(directory)).set(name, inode));
  }
}
