import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Connection } from "@atlas/storage";
import type { Participant } from "../participant.ts";
import { type FileIdentity, isUnchanged, lookAt, type SeenFile } from "./file-identity.ts";
import { fileError } from "./file-error.ts";
import { addEntries, type FileChange, readEntriesOfOthers } from "./file-journal.ts";
import { isMissing, lstatOrNothing, resolveInside } from "./file-path.ts";
import { directoriesOnTheWay, type FilePlace, type StagedFile } from "./file-place.ts";
import {
  bodyEnded,
  changedInBetween,
  nothingToMove,
  stillPending,
  tooManyLookedAt,
  tooMuch,
  unknownOutcome,
} from "./file-refusals.ts";
import type { FileSettler } from "./file-settler.ts";
import { Layer } from "./pending-versions.ts";
import { sideBySide } from "./side-by-side.ts";
import { stageContent, stageMoved, syncDirectory, syncFile } from "./stage-file.ts";

/** A file as the transaction sees it, and where its content is at this moment. */
interface Source extends SeenFile {
  readonly path: string;
}

/** Files that one transaction may look at; each is compared again before the commit. */
const lookedAtMax = 100_000;
/** Files that are staged for each that may be changed: one that is written again is staged again. */
const stagedPerFile = 10;
/** Times that a directory is made again which somebody else removes. */
const stagingAttemptsMax = 16;

/** Runs a change of what the transaction sees, or throws because it has ended. */
export type Change = (apply: () => void) => void;

/**
 * The files of one transaction. What it looks at is remembered as it was, and
 * must still be so when the transaction commits.
 */
export class FileTransaction implements Participant {
  readonly batch: string;
  readonly layer: Layer<string, StagedFile>;
  readonly #place: FilePlace;
  readonly #settler: FileSettler;
  readonly #baselines = new Map<string, FileIdentity | undefined>();
  /** Absolute paths of everything made for it. */
  readonly staged: Set<string> = new Set();
  changes: readonly FileChange[] = [];
  #bytes = 0;
  #sealed = false;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #end = Promise.withResolvers<void>();

  constructor(place: FilePlace, settler: FileSettler) {
    this.#place = place;
    this.#settler = settler;
    this.batch = place.options.createId();
    this.layer = new Layer(place.versions);
  }

  /** Resolves when it has ended and nothing is done for it any more. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** One call after the other; `stillOpen` throws when the transaction ended meanwhile. */
  run<T>(stillOpen: () => void, work: (change: Change) => Promise<T>): Promise<T> {
    const assertOpen = (): void => {
      stillOpen();
      if (this.#sealed) throw bodyEnded();
    };
    const result = this.#tail.then(() => {
      assertOpen();
      return work((apply) => {
        assertOpen();
        apply();
      });
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const source = await this.#look(path);
    return source && this.#use(source, path, (at) => readFile(at));
  }

  async write(path: string, content: Uint8Array | string, change: Change): Promise<void> {
    this.#bytes += Buffer.byteLength(content);
    const { bytesMax, mode } = this.#place.options;
    if (this.#bytes > bytesMax) throw tooMuch(`${bytesMax} bytes`, "bytesMax");
    const before = await this.#look(path);
    const file = await this.#stage(path, async (staged) => ({
      staged,
      ...(await stageContent(staged, content, before?.ownership ?? { mode })),
    }));
    await this.#place.step({ step: "staged", path });
    change(() => this.layer.put(path, file));
  }

  async delete(path: string, change: Change): Promise<boolean> {
    const exists = (await this.#look(path)) !== undefined;
    if (exists) change(() => this.layer.put(path, undefined));
    return exists;
  }

  async move(from: string, to: string, change: Change): Promise<void> {
    const source = await this.#look(from);
    if (source === undefined) throw nothingToMove(from);
    if (from === to) return;
    await this.#look(to);
    const file = await this.#stage(to, async (staged) => ({
      staged,
      ...(await this.#use(source, from, (at) => stageMoved(at, staged, source))),
    }));
    await this.#place.step({ step: "staged", path: to });
    change(() => {
      this.layer.put(to, file);
      this.layer.put(from, undefined);
    });
  }

  mark(): number {
    return this.layer.mark;
  }

  undoTo(mark: number): void {
    this.layer.undoTo(mark);
  }

  async prepare(connection: Connection): Promise<void> {
    // Calls that nobody awaited count, until there is none under way.
    for (let tail; tail !== this.#tail;) await (tail = this.#tail);
    this.#sealed = true;
    await this.#refuseConflicts(connection);
    this.changes = await this.#finalChanges();
    if (this.changes.length === 0) return;
    const { options, owner } = this.#place;
    if (this.changes.length > options.filesMax)
      throw tooMuch(`${options.filesMax} files`, "filesMax");
    await this.#makeDurable();
    this.#settler.prepared(this);
    await addEntries(connection, this.changes, {
      store: options.name,
      owner,
      batch: this.batch,
      createdAt: options.clock(),
    });
    await this.#place.step({ step: "prepared" });
  }

  committed(): Promise<void> | void {
    return this.#ending(this.#settler.committed(this));
  }

  async rolledBack(): Promise<void> {
    this.#sealed = true;
    this.layer.remove();
    // A call that nobody awaited may still be making a file.
    await this.#ending(this.#tail.then(() => this.#settler.rolledBack(this)));
  }

  unknown(): Promise<void> | void {
    return this.#ending(this.#settler.unknown(this));
  }

  #ending(work: Promise<void> | void): Promise<void> | void {
    if (work === undefined) this.#end.resolve();
    return work?.finally(() => this.#end.resolve());
  }

  /** What is at a path, to this transaction. Its first look is the state that must not change. */
  async #look(path: string): Promise<Source | undefined> {
    const { versions, uncertain, root, options } = this.#place;
    if (this.#settler.isWaiting(path)) throw stillPending(path);
    const newest = versions.newest(path);
    if (newest !== undefined && uncertain.has(newest.layer)) throw unknownOutcome(path);
    if (newest !== undefined) {
      const file = newest.value;
      if (newest.layer !== this.layer) this.#remember(path, file?.identity);
      return file && { path: file.staged, identity: file.identity, ownership: file.ownership };
    }
    const target = await resolveInside(root, path);
    const seen = await lookAt(target, options.clock());
    this.#remember(path, seen?.identity);
    return seen && { path: target, ...seen };
  }

  /** An earlier transaction may put what it has staged into its place at this moment. */
  async #use<T>(source: Source, path: string, use: (at: string) => Promise<T>): Promise<T> {
    try {
      return await use(source.path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return use(await resolveInside(this.#place.root, path));
    }
  }

  #remember(path: string, identity: FileIdentity | undefined): void {
    if (this.#baselines.has(path)) return;
    if (this.#baselines.size >= lookedAtMax) throw tooManyLookedAt(lookedAtMax);
    this.#baselines.set(path, identity);
  }

  /**
   * Makes a file beside `path`, with the directories that it needs. Another
   * process may remove one that it had made itself until there is a file in it.
   */
  async #stage<T>(path: string, make: (staged: string) => Promise<T>): Promise<T> {
    const { filesMax } = this.#place.options;
    if (this.staged.size >= filesMax * stagedPerFile)
      throw tooMuch(`${filesMax} files`, "filesMax");
    for (let attempt = 1; ; attempt += 1) {
      const directory = dirname(await resolveInside(this.#place.root, path));
      const staged = this.#place.stagedName(directory);
      this.staged.add(staged);
      try {
        await this.#place.directories.use(directory, this);
        return await make(staged);
      } catch (error) {
        if (!isMissing(error) || attempt === stagingAttemptsMax) throw error;
      }
    }
  }

  async #refuseConflicts(connection: Connection): Promise<void> {
    const { root, owner, options, versions } = this.#place;
    for (const entry of await readEntriesOfOthers(connection, options.name, owner))
      if (this.#baselines.has(entry.path))
        if ((await lstatOrNothing(join(root, entry.staged))) !== undefined)
          throw changedInBetween(entry.path);
    // Afterwards, because what is not staged any more has taken effect.
    for (const [path, expected] of this.#baselines) {
      // What an earlier transaction is going to put there is compared when this one is applied.
      if (versions.before(this.layer, path) !== undefined) continue;
      if (!(await isUnchanged(await resolveInside(root, path), expected)))
        throw changedInBetween(path);
    }
  }

  async #finalChanges(): Promise<readonly FileChange[]> {
    const { root } = this.#place;
    const changes: FileChange[] = [];
    for (const [path, file] of this.layer.changes()) {
      const before = this.#baselines.get(path);
      if (file === undefined && before === undefined) continue;
      const staged = file?.staged ?? (await this.#marker(path));
      const kind = file === undefined ? "delete" : "put";
      changes.push({ path, kind, staged: relative(root, staged).replaceAll(sep, "/"), before });
    }
    return changes;
  }

  /** An empty file that stands for a deletion: gone when it has happened. */
  #marker(path: string): Promise<string> {
    return this.#stage(path, async (marker) => {
      await writeFile(marker, "", { flag: "wx", mode: 0o600 });
      return marker;
    });
  }

  /** What the journal lists must be there after a power failure. */
  async #makeDurable(): Promise<void> {
    const { root } = this.#place;
    await sideBySide(this.changes, async ({ path, staged }) => {
      await syncFile(join(root, staged)).catch((error: unknown) => {
        // Without it the change would pass for done.
        throw isMissing(error) ? changedInBetween(path) : fileError(error, path);
      });
    });
    // Whoever made a directory on the way may not have synced its name, and never will.
    const directories = new Set(
      this.changes.flatMap(({ staged }) => directoriesOnTheWay(root, join(root, staged))),
    );
    await sideBySide(directories, syncDirectory);
  }
}
