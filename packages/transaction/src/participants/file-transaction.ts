import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Connection } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import type { Participant } from "../participant.ts";
import { type FileIdentity, isUnchanged, lookAt, type SeenFile } from "./file-identity.ts";
import { addEntries, type FileChange, readEntriesOfOthers } from "./file-journal.ts";
import { isMissing, lstatOrNothing, resolveInside } from "./file-path.ts";
import type { FilePlace, StagedFile } from "./file-place.ts";
import type { FileSettler } from "./file-settler.ts";
import { Layer } from "./pending-versions.ts";
import { makeDirectories, stageContent, stageMoved, syncPath } from "./stage-file.ts";

/** A file as the transaction sees it, and where its content is at this moment. */
interface Source extends SeenFile {
  readonly path: string;
}

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
  readonly madeDirectories: string[] = [];
  changes: readonly FileChange[] = [];
  #bytes = 0;
  #sealed = false;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(place: FilePlace, settler: FileSettler) {
    this.#place = place;
    this.#settler = settler;
    this.batch = place.options.createId();
    this.layer = new Layer(place.versions);
  }

  /** One call after the other; `stillOpen` throws when the transaction ended meanwhile. */
  run<T>(stillOpen: () => void, work: (change: Change) => Promise<T>): Promise<T> {
    const assertOpen = (): void => {
      stillOpen();
      if (this.#sealed) throw ended();
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
    if (this.#bytes > bytesMax) throw full(`${bytesMax} bytes`, "bytesMax");
    const before = await this.#look(path);
    const staged = await this.#stagedBeside(path);
    const file = await stageContent(staged, content, before?.ownership ?? { mode });
    await this.#place.step({ step: "staged", path });
    change(() => this.layer.put(path, { staged, ...file }));
  }

  async delete(path: string, change: Change): Promise<boolean> {
    const exists = (await this.#look(path)) !== undefined;
    if (exists) change(() => this.layer.put(path, undefined));
    return exists;
  }

  async move(from: string, to: string, change: Change): Promise<void> {
    const source = await this.#look(from);
    if (source === undefined) throw missing(from);
    if (from === to) return;
    await this.#look(to);
    const staged = await this.#stagedBeside(to);
    const file = await this.#use(source, from, (at) => stageMoved(at, staged, source));
    await this.#place.step({ step: "staged", path: to });
    change(() => {
      this.layer.put(to, { staged, ...file });
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
    if (this.changes.length > options.filesMax) throw full(`${options.filesMax} files`, "filesMax");
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
    return this.#settler.committed(this);
  }

  async rolledBack(): Promise<void> {
    this.#sealed = true;
    this.layer.remove();
    // A call that nobody awaited may still be making a file.
    await this.#tail;
    await this.#settler.rolledBack(this);
  }

  unknown(): Promise<void> | void {
    return this.#settler.unknown(this);
  }

  /** What is at a path, to this transaction. Its first look is the state that must not change. */
  async #look(path: string): Promise<Source | undefined> {
    const { versions, uncertain, root, options } = this.#place;
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
    if (!this.#baselines.has(path)) this.#baselines.set(path, identity);
  }

  async #stagedBeside(path: string): Promise<string> {
    const directory = dirname(await resolveInside(this.#place.root, path));
    this.madeDirectories.push(...(await makeDirectories(directory)));
    const staged = this.#place.stagedName(directory);
    this.staged.add(staged);
    return staged;
  }

  async #refuseConflicts(connection: Connection): Promise<void> {
    const { root, owner, options, versions } = this.#place;
    for (const entry of await readEntriesOfOthers(connection, options.name, owner))
      if (this.#baselines.has(entry.path))
        if ((await lstatOrNothing(join(root, entry.staged))) !== undefined)
          throw conflict(entry.path);
    // Afterwards, because what is not staged any more has taken effect.
    for (const [path, expected] of this.#baselines) {
      // What an earlier transaction is going to put there is compared when this one is applied.
      if (versions.before(this.layer, path) !== undefined) continue;
      if (!(await isUnchanged(await resolveInside(root, path), expected))) throw conflict(path);
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
  async #marker(path: string): Promise<string> {
    const marker = await this.#stagedBeside(path);
    await writeFile(marker, "", { flag: "wx", mode: 0o600 });
    return marker;
  }

  /** What the journal lists must be there after a power failure. */
  async #makeDurable(): Promise<void> {
    const { root } = this.#place;
    const files = this.changes.map(({ staged }) => join(root, staged));
    await Promise.all(files.map(syncPath));
    // Whoever made a directory on the way may not have synced its name, and never will.
    const directories = new Set(files.flatMap((path) => directoriesOnTheWay(root, path)));
    await Promise.all([...directories].map(syncPath));
  }
}

/** From the directory of `path` up to the root. */
function directoriesOnTheWay(root: string, path: string): readonly string[] {
  const directory = dirname(path);
  return directory === root ? [root] : [directory, ...directoriesOnTheWay(root, directory)];
}

function conflict(path: string): Error {
  return transactionError(
    "transaction.file_conflict",
    `The file ${path} was changed by somebody else after this transaction looked at it, so the ` +
      "transaction was rolled back. Read the file again.",
    { txState: "rolledBack", details: { path } },
  );
}

function missing(path: string): Error {
  return transactionError(
    "transaction.file_missing",
    `There is no file ${path} that could be moved. Look which files there are.`,
    { details: { path } },
  );
}

function full(limit: string, option: string): Error {
  return transactionError(
    "transaction.participant_full",
    `A transaction can change files up to ${limit}. Do less at a time, or allow more with ` +
      `\`${option}\`.`,
    { details: { option } },
  );
}

function ended(): Error {
  return transactionError(
    "transaction.closed",
    "A file was changed after the body of its transaction had ended, and the change was dropped. " +
      "Await every call.",
    { txState: "none" },
  );
}

function unknownOutcome(path: string): Error {
  return transactionError(
    "transaction.outcome_unknown",
    `The device did not confirm a commit that changed ${path}. Run the recovery of the store, ` +
      "which finds out.",
    { txState: "active", details: { path } },
  );
}
