import type { ImportedTask } from "@atlas/tasks";

/** A place in the source: a line from 1, and the file when the source has several. */
export interface SourcePlace {
  readonly line: number;
  readonly file?: string;
}

/** Something about a record that its user should know. */
export interface SourceProblem extends SourcePlace {
  readonly reason: string;
}

/** A record as read, its links still by the names that the source uses. */
export interface SourceRecord extends SourcePlace {
  readonly task: Omit<ImportedTask, "externalParent" | "externalDependencies">;
  /** Names the record that this one stands under. */
  readonly parent?: string;
  /** Name the records that must be finished first. */
  readonly dependencies: readonly string[];
}

/** What a parser makes of a source: every record is in one of the first two lists. */
export interface ParsedSource {
  readonly records: readonly SourceRecord[];
  readonly rejected: readonly SourceProblem[];
  /** What arrived differently from how it stood there. */
  readonly warnings: readonly SourceProblem[];
}

/** A record whose links are certain, ready for the task manager. */
export interface LinkedRecord extends SourcePlace {
  readonly task: ImportedTask;
}
