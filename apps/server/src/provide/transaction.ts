import { createTransactionManager } from "@atlas/transaction";
import type { Scope } from "../container/scope.ts";
import {
  DatabaseToken,
  ObserverToken,
  RuntimeToken,
  TransactionsToken,
} from "../container/tokens.ts";

/** Takes the writer of the data file for this process. */
export async function provideTransaction(scope: Scope): Promise<void> {
  await scope.open(TransactionsToken, (root) =>
    createTransactionManager(root.use(DatabaseToken), {
      durability: root.use(RuntimeToken).config.durability,
      onEvent: root.use(ObserverToken),
    }),
  );
}
