import type { SourceProblem } from "./parsed-source.ts";

/** What an import did: each record is counted or named once. */
export interface ImportReport {
  /** New, or changed in the source since the last import. */
  readonly imported: number;
  readonly unchanged: number;
  readonly rejected: readonly SourceProblem[];
  /** Links and texts that could not be taken over as they were; their records arrived. */
  readonly warnings: readonly SourceProblem[];
}
