import type { Connection, SyncConnection } from "@atlas/storage";

/**
 * Participants that one transaction can have, by default and at most: each is
 * asked at every savepoint and told of the end, while others wait for the writer.
 */
export const participantsMax = 1_000;

/**
 * Something that takes part in a transaction beside the database. The COMMIT of
 * the database decides for all: whatever a participant does before it can be
 * undone, and what it does after it may be late but never refused.
 *
 * Exactly one of `committed`, `rolledBack` and `unknown` is called, once, when
 * the outermost transaction has ended. In a read-only transaction nothing can
 * have changed, so it is `rolledBack`.
 */
export interface Participant {
  /**
   * A point of its own history within this transaction; asked before every
   * savepoint and nested transaction.
   */
  mark(): number;
  /** Forgets what was done since `mark`. Must not throw. */
  undoTo(mark: number): void;
  /**
   * In the transaction, after the body: may write to the database and may
   * refuse by throwing, which rolls everything back. It must use `connection`:
   * it is the transaction's own.
   */
  prepare?(connection: Connection): Promise<void>;
  /**
   * The same for programs, which never wait. A participant with `prepare` and
   * without this cannot take part in a program.
   */
  prepareSync?(connection: SyncConnection): void;
  /**
   * After the COMMIT is durable and before the caller is told. What is done
   * before the first `await` happens in one step with the other participants
   * of the transaction, and transactions take this step in the order of their
   * commits. A failure cannot undo the transaction any more: the caller gets
   * `transaction.apply_pending`.
   */
  committed(): Promise<void> | void;
  /** After a rollback: nothing of the transaction happened. */
  rolledBack(): Promise<void> | void;
  /**
   * The device did not confirm the commit: whether it happened is not known.
   * Keep what recovery needs. Left out: `rolledBack` is called instead.
   */
  unknown?(): Promise<void> | void;
}

/** How a transaction ended when it was not committed. */
export type UndoneOutcome = "rolledBack" | "unknown";
