import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import {
  createTransactionManager,
  type TransactionManager,
  type TransactionManagerOptions,
} from "@atlas/transaction";
import {
  createFileStore,
  type FileStore,
  type FileStoreEvent,
  type FileStoreOptions,
} from "@atlas/transaction/participants";
import { controlLease, type LeaseControl } from "../fake-lease.ts";

/** A file store over a real database and directory, whose device can be made to fail. */
export interface OpenFiles extends AsyncDisposable {
  readonly manager: TransactionManager;
  readonly control: LeaseControl;
  readonly files: FileStore;
  readonly events: FileStoreEvent[];
  readonly root: string;
  /** Everything below the directory, hidden files included. */
  names(): readonly string[];
  text(path: string): string | undefined;
  put(path: string, text: string): void;
  journal(): Promise<number>;
}

export async function openFiles(
  options: Partial<FileStoreOptions> = {},
  managerOptions: TransactionManagerOptions = {},
): Promise<OpenFiles> {
  const store = await openTemporaryDatabase();
  const directory = temporaryDirectory();
  const { database, control } = controlLease(store.database);
  const manager = await createTransactionManager(database, managerOptions);
  const events: FileStoreEvent[] = [];
  const files = await createFileStore(manager, database, {
    directory: directory.path,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const root = files.directory;
  return {
    manager,
    control,
    files,
    events,
    root,
    names: () => readdirSync(root, { recursive: true }).map(String).toSorted(),
    text: (path) =>
      existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined,
    put: (path, text) => writeFileSync(join(root, path), text),
    journal: async () => {
      const count = sqlQuery<{ n: number }>("SELECT count(*) AS n FROM atlas_file_journal");
      return (await store.database.get(count))?.n ?? -1;
    },
    async [Symbol.asyncDispose]() {
      await files.close();
      await manager.close();
      await store[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** An error of this package. */
export const code = (name: string): { readonly code: string } => ({ code: `transaction.${name}` });
