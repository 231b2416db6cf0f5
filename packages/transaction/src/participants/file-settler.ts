/**
 * What happens to files after the end of their transactions: changes take
 * effect one transaction after the other in the order of their commits, and
 * what cannot take effect now waits for recovery, together with everything that
 * was built on it.
 */
import { basename, dirname, join } from "node:path";
import type { AtlasError } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type { TransactionManager } from "../transaction.ts";
import { AppliedBatches } from "./applied-batches.ts";
import { applyChange } from "./apply-change.ts";
import { type KeptConflict, recordConflict } from "./file-conflicts.ts";
import { fileError } from "./file-error.ts";
import type { FileChange } from "./file-journal.ts";
import { directoriesOnTheWay, type FilePlace } from "./file-place.ts";
import type { FileTransaction } from "./file-transaction.ts";
import { sideBySide } from "./side-by-side.ts";
import { removeFile, syncDirectory } from "./stage-file.ts";

/** Changes that take effect together. */
export interface FileBatch {
  readonly batch: string;
  readonly changes: readonly FileChange[];
}

/** @internal */
export class FileSettler {
  readonly #place: FilePlace;
  readonly #transactions: TransactionManager;
  /** In the journal and not yet applied, by batch in the order of commits. */
  readonly #unsettled = new Map<string, FileTransaction>();
  readonly #failed = new Set<string>();
  /** Of processes that have ended, and not applied yet. */
  readonly #taken = new Map<string, FileBatch>();
  /** By batch and path: what was decided and may not have been done. */
  readonly #conflicts = new Map<string, Map<string, KeptConflict>>();
  readonly #applied: AppliedBatches;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(place: FilePlace, transactions: TransactionManager) {
    this.#place = place;
    this.#transactions = transactions;
    this.#applied = new AppliedBatches(place, transactions);
  }

  prepared(transaction: FileTransaction): void {
    this.#unsettled.set(transaction.batch, transaction);
  }

  committed(transaction: FileTransaction): Promise<void> | void {
    const { changes, staged } = transaction;
    if (changes.length === 0) return staged.size === 0 ? undefined : this.rolledBack(transaction);
    return this.inTurn(async () => {
      const conflicts = await this.applyOwn(transaction);
      if (conflicts.length > 0) throw lateConflict(conflicts);
    });
  }

  async rolledBack(transaction: FileTransaction): Promise<void> {
    const { staged, layer } = transaction;
    this.#unsettled.delete(transaction.batch);
    this.#failed.delete(transaction.batch);
    this.#place.uncertain.delete(layer);
    layer.remove();
    try {
      await this.#discard(staged);
    } finally {
      await this.#place.directories.release(transaction, []);
    }
  }

  unknown(transaction: FileTransaction): Promise<void> | void {
    if (transaction.changes.length === 0) return this.rolledBack(transaction);
    this.#failed.add(transaction.batch);
    this.#place.uncertain.add(transaction.layer);
  }

  /** Runs `work` when everything before it has ended. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** True for batches that are on their way, or done, without anybody's help. */
  isUnderWay(batch: string): boolean {
    if (this.#applied.has(batch)) return true;
    return this.#unsettled.has(batch) && !this.#failed.has(batch);
  }

  /** Makes the transaction of an ended process one that others here have to wait for. */
  take(batch: FileBatch, conflicts: Map<string, KeptConflict> | undefined): void {
    this.#taken.set(batch.batch, batch);
    if (conflicts !== undefined) this.#conflicts.set(batch.batch, conflicts);
  }

  /** Of what was taken, what is not `listed` any more has been finished by somebody else. */
  keepTaken(listed: { has(batch: string): boolean }): void {
    for (const batch of this.#taken.keys()) if (!listed.has(batch)) this.#drop(batch);
  }

  /** True for files that an ended process was to change and that nobody could change yet. */
  isWaiting(path: string): boolean {
    for (const { changes } of this.#taken.values())
      if (changes.some((change) => change.path === path)) return true;
    return false;
  }

  /** What could not be settled, oldest first. */
  unfinished(): readonly FileTransaction[] {
    return [...this.#unsettled.values()].filter(({ batch }) => this.#failed.has(batch));
  }

  /** Applies the changes of a transaction of this process. To be called in turn. */
  async applyOwn(transaction: FileTransaction): Promise<readonly string[]> {
    const { batch, layer, changes, staged } = transaction;
    try {
      await this.#place.step({ step: "committed" });
      for (const { path } of changes) this.#refuseBefore(transaction, path);
      const conflicts = await this.apply({ batch, changes });
      await this.sync([transaction]);
      this.#place.uncertain.delete(layer);
      this.#unsettled.delete(batch);
      this.#failed.delete(batch);
      layer.remove();
      this.forget([batch]);
      // What was overwritten or undone within the transaction was never listed, and what of it
      // cannot be removed now is removed by the next recovery.
      await this.#discard(staged).catch(() => undefined);
      await this.#place.directories.release(transaction, this.#filledBy(changes));
      return conflicts;
    } catch (error) {
      this.#failed.add(batch);
      throw error;
    }
  }

  /** Applies what is not applied yet and answers with the paths in conflict; `sync` comes next. */
  async apply({ batch, changes }: FileBatch): Promise<readonly string[]> {
    const conflicts: string[] = [];
    for (const change of changes)
      if (await this.applyOne(batch, change)) conflicts.push(change.path);
    return conflicts;
  }

  /** The same for one change; true when it is in conflict. */
  async applyOne(batch: string, change: FileChange): Promise<boolean> {
    const { root, options } = this.#place;
    const { path } = change;
    const applied = await applyChange(root, change, {
      batch,
      known: this.#conflicts.get(batch)?.get(path),
      record: (conflict) => this.#record(batch, change, conflict),
    }).catch((error: unknown) => {
      throw fileError(error, path);
    });
    const inConflict = applied.outcome === "conflict";
    if (inConflict) options.onEvent?.({ type: "files.conflict", path, keptAs: applied.keptAs });
    await this.#place.step({ step: "applied", path });
    return inConflict;
  }

  /** Before anything of it is done: a crash in between must not leave a conflict that nobody knows. */
  async #record(batch: string, { path, kind }: FileChange, conflict: KeptConflict): Promise<void> {
    const { name: store, clock } = this.#place.options;
    await this.#transactions.runWithoutTransaction(() =>
      this.#transactions.atomic(
        (tx) => recordConflict(tx, { store, batch }, { path, kind, at: clock(), ...conflict }),
        { durability: "full" },
      ),
    );
    const known = this.#conflicts.get(batch) ?? new Map<string, KeptConflict>();
    this.#conflicts.set(batch, known.set(path, conflict));
    await this.#place.step({ step: "conflict", path });
  }

  /** Makes what was applied durable: each directory once, however many changes are in it. */
  async sync(batches: readonly Pick<FileBatch, "changes">[]): Promise<void> {
    const staged = batches.flatMap(({ changes }) => changes).map((change) => change.staged);
    const directories = new Set(staged.map((path) => dirname(join(this.#place.root, path))));
    await sideBySide(directories, syncDirectory);
    await this.#place.step({ step: "synced" });
  }

  /** Everything of these transactions has taken effect and is durable. */
  forget(batches: readonly string[]): void {
    for (const batch of batches) this.#drop(batch);
    this.#applied.forget(batches);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#tail;
    await this.#applied.idle();
  }

  #drop(batch: string): void {
    this.#taken.delete(batch);
    this.#conflicts.delete(batch);
  }

  #filledBy(changes: readonly FileChange[]): readonly string[] {
    const { root } = this.#place;
    const put = changes.filter(({ kind }) => kind === "put");
    return put.flatMap(({ path }) => directoriesOnTheWay(root, join(root, path)));
  }

  #refuseBefore({ layer }: FileTransaction, path: string): void {
    if (this.#place.versions.before(layer, path) === undefined) return;
    throw transactionError(
      "transaction.apply_pending",
      `The file ${path} waits for an earlier transaction whose change could not take effect. ` +
        "Run the recovery of the store.",
      { details: { path } },
    );
  }

  /** Removes what can be removed, and throws the first error at the end. */
  async #discard(staged: Set<string>): Promise<void> {
    const errors: unknown[] = [];
    for (const path of staged) {
      this.#place.inUse.delete(basename(path));
      await removeFile(path).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}

function lateConflict(paths: readonly string[]): AtlasError {
  return transactionError(
    "transaction.file_conflict",
    `The transaction is committed, but somebody else had changed ${paths.join(", ")} before it ` +
      "took effect. Their version stays, and what was to be written is kept: look at `conflicts` " +
      "of the file store.",
    { retryable: false, details: { paths, committed: true } },
  );
}
