import { randomUUID } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { checkOptions } from "@atlas/errors";
import type { Database } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import { readonlyError } from "../frame.ts";
import type { RecoveryFinding } from "../recovery/recoverable.ts";
import type { TransactionManager } from "../transaction.ts";
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
  #closed: Promise<void> | undefined;

  constructor(transactions: TransactionManager, place: FilePlace) {
    this.name = place.options.name;
    this.directory = place.root;
    this.#transactions = transactions;
    this.#place = place;
    this.#settler = new FileSettler(place, transactions);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.#check(path);
    const transaction = this.#transactions.current();
    if (transaction !== undefined && !transaction.readonly)
      return this.#inside(path, (files) => files.read(path));
    try {
      return await readFile(await resolveInside(this.#place.root, path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fileError(error, path);
    }
  }

  async readText(path: string): Promise<string | undefined> {
    const content = await this.read(path);
    return content === undefined ? undefined : new TextDecoder().decode(content);
  }

  async write(path: string, content: Uint8Array | string): Promise<void> {
    this.#check(path);
    // The caller may go on with its bytes.
    const own = typeof content === "string" ? content : Uint8Array.from(content);
    await this.#inside(path, (files, change) => files.write(path, own, change));
  }

  async delete(path: string): Promise<boolean> {
    this.#check(path);
    return this.#inside(path, (files, change) => files.delete(path, change));
  }

  async move(from: string, to: string): Promise<void> {
    this.#check(from);
    this.#check(to);
    await this.#inside(to, (files, change) => files.move(from, to, change));
  }

  async recover(): Promise<RecoveryFinding> {
    if (this.#closed !== undefined) throw closed();
    if (this.#transactions.current() !== undefined) throw insideTransaction();
    return recoverFiles({
      place: this.#place,
      settler: this.#settler,
      transactions: this.#transactions,
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#settler.idle();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(path: string): void {
    if (this.#closed !== undefined) throw closed();
    checkPath(path);
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
    return files
      .run(join, (change) => work(files, change))
      .catch((error: unknown) => {
        throw fileError(error, path);
      });
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

function insideTransaction(): Error {
  return transactionError(
    "transaction.already_active",
    "The recovery of files has transactions of its own. Call it outside `atomic`.",
    { txState: "active" },
  );
}

function closed(): Error {
  return transactionError(
    "transaction.file_store_closed",
    "The file store was closed. Create a new one.",
  );
}
