import type { RecoveryFinding } from "./recoverable.ts";

/** What became of one part. */
export type PartReport = RecoveredPart | FailedPart;

/** A part that is in order now. */
export interface RecoveredPart {
  readonly name: string;
  readonly durationMs: number;
  readonly ok: true;
  readonly finding: RecoveryFinding;
}

/** A part that is as unfinished as before, or a little less. */
export interface FailedPart {
  readonly name: string;
  readonly durationMs: number;
  readonly ok: false;
  readonly error: unknown;
}

/** What one call of `recover` did. */
export interface RecoveryReport {
  /** True when every part is in order: none failed, and in none is something waiting. */
  readonly ok: boolean;
  readonly durationMs: number;
  /** In the order in which they ran. */
  readonly parts: readonly PartReport[];
  /** The counts of all parts that succeeded, and their notes behind the name of the part. */
  readonly total: Required<RecoveryFinding>;
}

/** What a recovery tells while it runs. Durations are in milliseconds. */
export type RecoveryEvent =
  | { readonly type: "recovery.begin"; readonly parts: readonly string[] }
  | { readonly type: "recovery.part"; readonly part: PartReport }
  | { readonly type: "recovery.end"; readonly report: RecoveryReport };

/** Adds up what parts found. @internal */
export function totalOf(parts: readonly PartReport[]): Required<RecoveryFinding> {
  let [rolledForward, rolledBack, resumed, waiting, conflicts] = [0, 0, 0, 0, 0];
  const notes: string[] = [];
  for (const part of parts) {
    if (!part.ok) continue;
    rolledForward += part.finding.rolledForward;
    rolledBack += part.finding.rolledBack;
    resumed += part.finding.resumed;
    waiting += part.finding.waiting ?? 0;
    conflicts += part.finding.conflicts ?? 0;
    for (const note of part.finding.notes) notes.push(`${part.name}: ${note}`);
  }
  return { rolledForward, rolledBack, resumed, waiting, conflicts, notes };
}
