/** What one transaction did to lists of numbers. Every number is appended once in a history. */
export type HistoryOperation =
  | { readonly kind: "append"; readonly key: number; readonly value: number }
  /** Appended in a nested transaction that was rolled back. */
  | { readonly kind: "undone"; readonly key: number; readonly value: number }
  | { readonly kind: "read"; readonly key: number; readonly values: readonly number[] };

/** One transaction as its caller saw it. */
export interface HistoryTransaction {
  readonly name: string;
  /** Before it was asked for, and after its outcome was known, on one clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly fate: "committed" | "aborted";
  readonly operations: readonly HistoryOperation[];
}

/** Why one transaction has to come before another. */
export type DependencyKind =
  /** It appended right before. */
  | "ww"
  /** The other read its append. */
  | "wr"
  /** The other appended what it did not see. */
  | "rw"
  /** It had ended when the other began. */
  | "time";
