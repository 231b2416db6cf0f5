import type { createIndexCoordinator } from "@atlas/indexing";
import type { Database } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";

/** An empty store to work in, and who owns its writer. */
export interface IndexStore extends AsyncDisposable {
  readonly database: Database;
  readonly transactions: TransactionManager;
}

/** What a rule is checked with. */
export interface IndexRuleSubject {
  /** Has the shape of `createIndexCoordinator`. */
  readonly create: typeof createIndexCoordinator;
  /** Opens an empty store; the rule disposes of it. */
  readonly open: () => Promise<IndexStore>;
}

/** One promise that every IndexCoordinator keeps. */
export interface IndexRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  readonly check: (subject: IndexRuleSubject) => Promise<void>;
}
