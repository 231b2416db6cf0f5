/**
 * What happens to files after the end of their transactions: changes take
 * effect one transaction after the other in the order of their commits, and
 * what cannot take effect now waits for recovery, together with everything that
 * was built on it.
 */
import { rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { AtlasError } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type { TransactionManager } from "../transaction.ts";
import { applyChange } from "./apply-change.ts";
import { fileError } from "./file-error.ts";
import { batchQueries, type FileChange } from "./file-journal.ts";
import type { FilePlace } from "./file-place.ts";
import type { FileTransaction } from "./file-transaction.ts";
import { sideBySide } from "./side-by-side.ts";
import { removeFile, syncPath } from "./stage-file.ts";

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
  #tail: Promise<unknown> = Promise.resolve();
  #forgettable: string[] = [];
  #forgetting: Promise<void> | undefined;

  constructor(place: FilePlace, transactions: TransactionManager) {
    this.#place = place;
    this.#transactions = transactions;
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
    const { staged, madeDirectories, layer } = transaction;
    this.#unsettled.delete(transaction.batch);
    this.#failed.delete(transaction.batch);
    this.#place.uncertain.delete(layer);
    layer.remove();
    await this.#discard(staged);
    for (const directory of madeDirectories.toReversed())
      // Somebody else may have put something there.
      await rmdir(directory).catch(() => undefined);
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

  /** True for batches that are on their way without anybody's help. */
  isUnderWay(batch: string): boolean {
    return this.#unsettled.has(batch) && !this.#failed.has(batch);
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
      // What was overwritten or undone within the transaction was never listed.
      await this.#discard(staged);
      this.forget([batch]);
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
    const applied = await applyChange(root, change, batch).catch((error: unknown) => {
      throw fileError(error, path);
    });
    const inConflict = applied.outcome === "conflict";
    if (inConflict) options.onEvent?.({ type: "files.conflict", path, keptAs: applied.keptAs });
    await this.#place.step({ step: "applied", path });
    return inConflict;
  }

  /** Makes what was applied durable: each directory once, however many changes are in it. */
  async sync(batches: readonly Pick<FileBatch, "changes">[]): Promise<void> {
    const staged = batches.flatMap(({ changes }) => changes).map((change) => change.staged);
    const directories = new Set(staged.map((path) => dirname(join(this.#place.root, path))));
    await sideBySide(directories, syncPath);
    await this.#place.step({ step: "synced" });
  }

  /** Shortens the journal soon. Nobody waits for it: rows of applied changes do no harm. */
  forget(batches: readonly string[]): void {
    this.#forgettable.push(...batches);
    this.#forgetting ??= this.#transactions
      .runWithoutTransaction(() => this.#forgetAll())
      .catch((error: unknown) =>
        this.#place.options.onEvent?.({ type: "files.forget_failed", error }),
      )
      .finally(() => {
        this.#forgetting = undefined;
      });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#tail;
    await this.#forgetting;
  }

  /** In one transaction however many have come together meanwhile. */
  async #forgetAll(): Promise<void> {
    while (this.#forgettable.length > 0) {
      const batches = this.#forgettable.splice(0);
      await this.#transactions.atomic(
        (tx) =>
          tx.runMany(
            batchQueries.forget,
            batches.map((batch) => ({ batch })),
          ),
        { durability: "relaxed", priority: "low" },
      );
      await this.#place.step({ step: "forgotten" });
    }
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

  async #discard(staged: Set<string>): Promise<void> {
    for (const path of staged) {
      await removeFile(path);
      this.#place.inUse.delete(basename(path));
    }
  }
}

function lateConflict(paths: readonly string[]): AtlasError {
  return transactionError(
    "transaction.file_conflict",
    `The transaction is committed, but somebody else had changed ${paths.join(", ")} before it ` +
      "took effect. Their version stays; the other one is beside it.",
    { retryable: false, details: { paths, committed: true } },
  );
}
