import type { openEngine } from "@atlas/engine";
import type { Database } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";

/** An empty store to work in, and who owns its writer. */
export interface EngineStore extends AsyncDisposable {
  readonly database: Database;
  readonly transactions: TransactionManager;
}

/** What a rule is checked with. */
export interface EngineRuleSubject {
  /** Has the shape of `openEngine`. */
  readonly openEngine: typeof openEngine;
  /** Opens an empty store; the rule disposes of it. */
  readonly openStore: () => Promise<EngineStore>;
}

/** One promise that every UnifiedStorageEngine keeps. */
export interface EngineRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  readonly check: (subject: EngineRuleSubject) => Promise<void>;
}
