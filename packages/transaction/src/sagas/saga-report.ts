import type { StoredValue } from "../states/canonical-json.ts";

/**
 * `running` and `compensating` go on by themselves, also after a crash;
 * `needs_attention` waits for a person; the others are ends.
 */
export type SagaStatus =
  | "running"
  | "compensating"
  | "needs_attention"
  | "completed"
  | "compensated";

/** Why a saga turned back, or is stuck. */
export interface SagaFailure {
  readonly step: string;
  /** The code of an AtlasError, or the name of another error. */
  readonly code: string;
  readonly message: string;
}

/** One saga as it is. */
export interface SagaReport {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly status: SagaStatus;
  /** The step that it is at. */
  readonly step: string;
  /** What the steps have answered, by path. */
  readonly results: Readonly<Record<string, StoredValue>>;
  /** Why it turned back; null as long as it goes forward. */
  readonly failure: SagaFailure | null;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One sentence of the history. */
export interface SagaHistoryEntry {
  /** Grows from sentence to sentence. */
  readonly number: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** Which part of a history is wanted. */
export interface SagaHistoryPage {
  /** Only sentences after this number: the next page. */
  readonly after?: number;
  /** 1 to 10,000. Default: 1,000. */
  readonly limit?: number;
}
