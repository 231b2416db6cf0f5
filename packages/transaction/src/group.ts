import type { Member } from "./member.ts";

/** A group of members while it runs. @internal */
export interface Group {
  /** Those whose bodies succeeded. */
  readonly members: Member[];
  readonly startedAt: number;
  /** When the latest of them had run. */
  ranAt: number;
  /** Members to run, at most. */
  readonly size: number;
  /** Members that ran, successful or not. */
  run: number;
}
