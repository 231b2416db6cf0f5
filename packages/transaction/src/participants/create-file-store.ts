import { randomUUID } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { checkOptions } from "@atlas/errors";
import type { Database } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import { readonlyError } from "../frame.ts";
import type { RecoveryFinding } from "../recovery/recoverable.ts";
import type { TransactionManager } from "../transaction.ts";
import { UnderWay } from "../under-way.ts";
import {
  deleteConflict,
  type FileConflict,
  type FileConflictPage,
  listConflicts,
} from "./file-conflicts.ts";
import { fileError } from "./file-error.ts";
import { createJournal } from "./file-journal.ts";
import { checkPath, isMissing, resolveInside } from "./file-path.ts";
import { FilePlace, type ResolvedFileOptions } from "./file-place.ts";
import { FileSettler } from "./file-settler.ts";
import { type FileStore, fileStoreDefaults, type FileStoreOptions } from "./file-store.ts";
import { type Change, FileTransaction } from "./file-transaction.ts";
import { ownMark } from "./process-mark.ts";
import { recoverFiles } from "./recover-files.ts";

/**
 * Opens the files below a directory as part of the transactions of a manager.
 * Call `recover` before the first use: an earlier process may have ended
 * between a commit and its effect.
 */
export async function createFileStore(
  transactions: TransactionManager,
  database: Pick<Database, "dialect">,
  options: FileStoreOptions,
): Promise<FileStore> {
  const resolved = resolve(options);
  const root = await realpath(resolved.directory).catch((error: unknown) => {
    throw fileError(error, resolved.directory);
  });
  await transactions.runWithoutTransaction(() =>
    transactions.atomic((tx) => createJournal(tx, database.dialect)),
  );
  const owner = `${ownMark()}.${resolved
    .createId()
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, "")}`;
  return new TransactionalFiles(transactions, new FilePlace(root, owner, resolved));
}

class TransactionalFiles implements FileStore {
  readonly name: string;
  readonly directory: string;
  readonly #transactions: TransactionManager;
  readonly #place: FilePlace;
  readonly #settler: FileSettler;
  /** Calls, and transactions with files, that have not ended. */
  readonly #underWay: UnderWay = new UnderWay();
  readonly #watched: WeakSet<FileTransaction> = new WeakSet();
  #closed: Promise<void> | undefined;

  constructor(transactions: TransactionManager, place: FilePlace) {
    this.name = place.options.name;
    this.directory = place.root;
    this.#transactions = transactions;
    this.#place = place;
    this.#settler = new FileSettler(place, transactions);
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#perform(async () => {
      checkPath(path);
      const transaction = this.#transactions.current();
      if (transaction !== undefined && !transaction.readonly)
        return this.#inside(path, (files) => files.read(path));
      try {
        return await readFile(await resolveInside(this.#place.root, path));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw fileError(error, path);
      }
    });
  }

  async readText(path: string): Promise<string | undefined> {
    const content = await this.read(path);
    return content === undefined ? undefined : new TextDecoder().decode(content);
  }

  write(path: string, content: Uint8Array | string): Promise<void> {
    return this.#perform(() => {
      checkPath(path);
      // The caller may go on with its bytes.
      const own = typeof content === "string" ? content : Uint8Array.from(content);
      return this.#inside(path, (files, change) => files.write(path, own, change));
    });
  }

  delete(path: string): Promise<boolean> {
    return this.#perform(() => {
      checkPath(path);
      return this.#inside(path, (files, change) => files.delete(path, change));
    });
  }

  move(from: string, to: string): Promise<void> {
    return this.#perform(() => {
      checkPath(from);
      checkPath(to);
      return this.#inside(to, (files, change) => files.move(from, to, change));
    });
  }

  recover(): Promise<RecoveryFinding> {
    return this.#perform(() => {
      if (this.#transactions.current() !== undefined) throw insideTransaction("recovery");
      const [place, settler, transactions] = [this.#place, this.#settler, this.#transactions];
      return recoverFiles({ place, settler, transactions });
    });
  }

  conflicts(page: FileConflictPage = {}): Promise<readonly FileConflict[]> {
    return this.#perform(() => {
      checkOptions<FileConflictPage>("conflicts", page, {
        after: { min: 0, max: Number.MAX_SAFE_INTEGER },
        limit: { min: 1, max: 10_000 },
      });
      return this.#transactions.read((reader) => listConflicts(reader, this.name, page));
    });
  }

  settleConflict(id: number): Promise<boolean> {
    return this.#perform(() =>
      deleteConflict(this.#transactions.connection, { store: this.name, id }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed === undefined && this.#transactions.current() !== undefined)
      throw insideTransaction("closing");
    await (this.#closed ??= this.#finish());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<void> {
    await this.#underWay.idle();
    await this.#settler.idle();
  }

  async #perform<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw closed();
    return this.#underWay.track(work());
  }

  /** In the transaction of the caller, or in one of its own. */
  #inside<T>(
    path: string,
    work: (files: FileTransaction, change: Change) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#transactions.current();
    if (transaction === undefined) return this.#transactions.atomic(() => this.#inside(path, work));
    if (transaction.readonly) throw readonlyError();
    // Only this store makes participants under itself as the key.
    const join = (): FileTransaction =>
      transaction.enlist(
        this,
        () => new FileTransaction(this.#place, this.#settler),
      ) as FileTransaction;
    const files = join();
    this.#watch(files);
    return files
      .run(join, (change) => work(files, change))
      .catch((error: unknown) => {
        throw fileError(error, path);
      });
  }

  /** Only what was enlisted is told of its end. */
  #watch(files: FileTransaction): void {
    if (this.#watched.has(files)) return;
    this.#watched.add(files);
    void this.#underWay.track(files.ended);
  }
}

function resolve(options: FileStoreOptions): ResolvedFileOptions {
  checkOptions<FileStoreOptions>("createFileStore", options, {
    directory: "any",
    name: "any",
    filesMax: { min: 1, max: 100_000 },
    bytesMax: { min: 1, max: 2 ** 40 },
    mode: { min: 0, max: 0o777 },
    onEvent: "any",
    onStep: "any",
    clock: "any",
    createId: "any",
  });
  const { directory, name, filesMax, bytesMax, mode, onEvent, onStep, clock, createId } = options;
  return {
    directory,
    name: name ?? fileStoreDefaults.name,
    filesMax: filesMax ?? fileStoreDefaults.filesMax,
    bytesMax: bytesMax ?? fileStoreDefaults.bytesMax,
    mode: mode ?? fileStoreDefaults.mode,
    onEvent,
    onStep,
    clock: clock ?? Date.now,
    createId: createId ?? randomUUID,
  };
}

function insideTransaction(what: "recovery" | "closing"): Error {
  return transactionError(
    "transaction.already_active",
    `The ${what} of a file store waits for transactions that have not ended. Call it outside ` +
      "`atomic`.",
    { txState: "active" },
  );
}

function closed(): Error {
  return transactionError(
    "transaction.file_store_closed",
    "The file store was closed. Create a new one.",
  );
}
