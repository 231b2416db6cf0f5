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
  /**
   * Decided pieces of work that could not be finished now: they stay recorded,
   * and the next recovery tries again. Default: 0.
   */
  readonly waiting?: number;
  /** What is finished otherwise than it was decided, until a person settles it. Default: 0. */
  readonly conflicts?: number;
  /** One sentence each, for people. */
  readonly notes: readonly string[];
}
