import { dirname, join } from "node:path";
import { ownPrefix } from "./file-path.ts";
import type { SeenFile } from "./file-identity.ts";
import type { FileStep, FileStoreOptions } from "./file-store.ts";
import { MadeDirectories } from "./made-directories.ts";
import { PendingVersions } from "./pending-versions.ts";

/** A file as a transaction left it, on its way to its place. */
export interface StagedFile extends SeenFile {
  /** Absolute. */
  readonly staged: string;
}

/** Options with nothing left out. */
export type ResolvedFileOptions = Required<Omit<FileStoreOptions, "onEvent" | "onStep">> & {
  readonly onEvent: FileStoreOptions["onEvent"] | undefined;
  readonly onStep: FileStoreOptions["onStep"] | undefined;
};

/** What the parts of one file store share. @internal */
export class FilePlace {
  readonly root: string;
  readonly owner: string;
  readonly options: ResolvedFileOptions;
  readonly versions: PendingVersions<string, StagedFile> = new PendingVersions();
  /** Layers of which nobody knows whether they were committed. */
  readonly uncertain: Set<object> = new Set();
  /** Names of staged files that this process still needs. */
  readonly inUse: Set<string> = new Set();
  readonly directories: MadeDirectories = new MadeDirectories();
  #count = 0;

  constructor(root: string, owner: string, options: ResolvedFileOptions) {
    this.root = root;
    this.owner = owner;
    this.options = options;
  }

  /** A name in `directory` that nobody else uses, so that a rename stays in one file system. */
  stagedName(directory: string): string {
    this.#count += 1;
    const name = `${ownPrefix}${this.owner}-${this.#count}`;
    this.inUse.add(name);
    return join(directory, name);
  }

  async step(step: FileStep): Promise<void> {
    await this.options.onStep?.(step);
  }
}

const stagedPattern: RegExp = /^\.atlas-([0-9a-z.]+)-\d+$/;

/** Who staged a file, from its name; undefined when it is no staged file. @internal */
export function stagedBy(name: string): string | undefined {
  return stagedPattern.exec(name)?.[1];
}

/** From the directory of `path`, which is absolute, up to the root. @internal */
export function directoriesOnTheWay(root: string, path: string): readonly string[] {
  const directory = dirname(path);
  return directory === root ? [root] : [directory, ...directoriesOnTheWay(root, directory)];
}
