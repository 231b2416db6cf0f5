import type { BatchJobStoreOptions } from "@atlas/batch/checkpoints";
import type { Database } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import type { AnyCollection } from "./collection-definition.ts";
import type { EngineEvent } from "./events.ts";

/** What an engine is opened with. */
export interface EngineOptions {
  readonly database: Database;
  /**
   * Owns the writer of `database`. Default: the engine makes one and closes it
   * when the engine is closed.
   */
  readonly transactions?: TransactionManager;
  /** Each with a name and a table of its own. */
  readonly collections: readonly AnyCollection[];
  /** Receives what happens; what it throws is ignored. Default: nobody does. */
  readonly onEvent?: (event: EngineEvent) => void;
  /**
   * Looks for damage of the file itself when the engine is verified, and says
   * what it found. Default: only what is read on the way is noticed.
   */
  readonly checkStorage?: () => Promise<readonly string[]>;
  /** How durable jobs are held; see `@atlas/batch/checkpoints`. Default: 30 s, random names. */
  readonly jobs?: Pick<BatchJobStoreOptions, "holder" | "leaseMs">;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** Makes names of change sets; unique across processes. Default: `crypto.randomUUID`. */
  readonly createId?: () => string;
}
