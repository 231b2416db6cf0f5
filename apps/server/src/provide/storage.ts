import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "@atlas/storage/sqlite";
import type { Scope } from "../container/scope.ts";
import { DatabaseToken, ObserverToken, RuntimeToken } from "../container/tokens.ts";
import { explainFailure } from "../explain-failure.ts";

/** `ATLS`: a file with another mark belongs to another program and is refused. */
const applicationId = 0x41_54_4c_53;

/** Opens the data file; its directory is created for this user only. */
export async function provideStorage(scope: Scope): Promise<void> {
  await scope.open(DatabaseToken, async (root) => {
    const { dataDirectory, config } = root.use(RuntimeToken);
    try {
      mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw explainFailure(cause, `The data directory ${dataDirectory} cannot be created.`);
    }
    return openSqlite(join(dataDirectory, "atlas.db"), {
      applicationId,
      durability: config.durability,
      onEvent: root.use(ObserverToken),
    });
  });
}
