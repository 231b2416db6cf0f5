import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openStorageModule } from "@atlas/storage/module";
import type { Scope } from "../container/scope.ts";
import {
  DatabaseToken,
  ObserverToken,
  RuntimeToken,
  StorageToken,
  TransactionsToken,
} from "../container/tokens.ts";
import { explainFailure } from "../explain-failure.ts";

/** `ATLS`: a file with another mark belongs to another program and is refused. */
const applicationId = 0x41_54_4c_53;

/** Opens the data file; its directory is created for this user only. */
export async function provideStorage(scope: Scope): Promise<void> {
  await scope.open(StorageToken, async (root) => {
    const { dataDirectory, config } = root.use(RuntimeToken);
    try {
      mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw explainFailure(cause, `The data directory ${dataDirectory} cannot be created.`);
    }
    return openStorageModule(
      join(dataDirectory, "atlas.db"),
      {
        connection: { options: { applicationId } },
        transaction: {
          options: {
            durability: config.durability,
            write: (body) => root.use(TransactionsToken).atomic(body),
          },
        },
        // Nothing here asks the same question often enough, or makes backups by itself.
        cache: { enabled: false },
        files: { enabled: false },
      },
      root.use(ObserverToken),
    );
  });
  scope.provide(DatabaseToken, (root) => root.use(StorageToken).database);
}
