/** How a database is checked. */
export interface IntegrityOptions {
  /**
   * `quick` reads every page and checks its structure; `full` also compares
   * each index with its table. Default: "full".
   */
  readonly mode?: "quick" | "full";
  /** Findings that are listed, 1 to 10,000. Default: 100. */
  readonly findingsMax?: number;
}

/** Something that is wrong with a database. */
export type IntegrityFinding =
  | { readonly kind: "structure"; readonly message: string }
  | {
      /** A row refers to one that does not exist. */
      readonly kind: "reference";
      readonly table: string;
      /** Number of the row; null in tables without row numbers. */
      readonly row: number | null;
      readonly parent: string;
    };

/** What a check found. */
export interface IntegrityReport {
  readonly sound: boolean;
  readonly findings: readonly IntegrityFinding[];
  /** True when there is more than is listed. */
  readonly truncated: boolean;
  readonly durationMs: number;
}
