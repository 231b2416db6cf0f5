/** One part of the store that an ended process may have left unfinished. */
export interface Recoverable {
  /** As it appears in the report. */
  readonly name: string;
  /** Finishes or undoes what is left over. Safe to call again, also after a crash in the middle. */
  recover(): Promise<RecoveryFinding>;
}

/** What one part found and did. */
export interface RecoveryFinding {
  /** Decided pieces of work that were finished. */
  readonly rolledForward: number;
  /** Undecided ones that were undone. */
  readonly rolledBack: number;
  /** Long operations that go on where they stopped. */
  readonly resumed: number;
  /** One sentence each, for people. */
  readonly notes: readonly string[];
}
