import { openEngine } from "@atlas/engine";
import { taskCollections } from "@atlas/tasks";
import type { Scope } from "../container/scope.ts";
import {
  DatabaseToken,
  EngineToken,
  ObserverToken,
  TransactionsToken,
} from "../container/tokens.ts";
import { checkFile } from "./check-file.ts";

/** Opens the collections, creating or migrating their tables. */
export async function provideEngine(scope: Scope): Promise<void> {
  await scope.open(EngineToken, (root) =>
    openEngine({
      database: root.use(DatabaseToken),
      transactions: root.use(TransactionsToken),
      collections: taskCollections,
      checkStorage: () => checkFile(root.use(DatabaseToken)),
      onEvent: root.use(ObserverToken),
    }),
  );
}
