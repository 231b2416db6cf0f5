/** What a manager reports to `onEvent`. Durations are in milliseconds. */
export type TransactionEvent =
  | { readonly type: "transaction.begin"; readonly id: string; readonly waitedMs: number }
  | { readonly type: "transaction.commit"; readonly id: string; readonly durationMs: number }
  | { readonly type: "transaction.rollback"; readonly id: string; readonly durationMs: number }
  /** Another process held the write lock. */
  | { readonly type: "transaction.wait"; readonly waitedMs: number; readonly attempts: number }
  | { readonly type: "transaction.group"; readonly members: number; readonly durationMs: number }
  | {
      readonly type: "transaction.sync";
      readonly durationMs: number;
      readonly members: number;
      readonly blocking: boolean;
    }
  | { readonly type: "transaction.sync_failed"; readonly error: unknown }
  | { readonly type: "transaction.reopened" }
  /** A body is going to run again, after the pause, because of an error with this code. */
  | {
      readonly type: "transaction.retry";
      /** The attempt that failed, from 1. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly code: string;
    }
  /** The transaction is committed and a participant could not finish its part. */
  | { readonly type: "transaction.apply_failed"; readonly id: string; readonly error: unknown }
  /** A participant failed to clean up after a rollback. */
  | { readonly type: "transaction.undo_failed"; readonly id: string; readonly error: unknown }
  | { readonly type: "transaction.hook_failed"; readonly id: string; readonly error: unknown };
