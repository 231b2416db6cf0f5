/**
 * What the thread or process that runs a scan is told, and what it tells. Plain
 * data only: both sides clone it. At most {@link chunksAhead} chunks are under
 * way, so that a slow reader holds up the scan and not the memory.
 */
import type { SqlValue } from "../../sql-value.ts";

/** Chunks that may be sent before the first of them is asked for. */
export const chunksAhead = 2;

/** How a runner opens its connection. */
export interface ScanSetup {
  readonly path: string;
  /** Settings of the connection, each as `[name, value]`. */
  readonly pragmas: readonly (readonly [name: string, value: number])[];
}

/** To the runner. */
export type ScanRequest =
  | {
      readonly type: "run";
      readonly sql: string;
      readonly params: readonly SqlValue[];
      readonly chunkRows: number;
    }
  /** The reader has taken a chunk. */
  | { readonly type: "more" }
  /** The reader wants no further chunk. */
  | { readonly type: "stop" };

/** From the runner. */
export type ScanReply =
  | {
      readonly type: "rows";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly unknown[])[];
    }
  /** The connection is ready for the next query. */
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly code: string | undefined; readonly message: string };
