import type { Workspace } from "./workspace.ts";

/** One place where a rule is broken, and what to do about it. */
export interface Finding {
  /** Path from the repository root, with `:line` where a line is to blame. */
  readonly at: string;
  /** A sentence for the person who will mend it. */
  readonly message: string;
}

/** One promise of the house style, checked over a described workspace. */
export interface Rule {
  readonly name: string;
  /** The promise in one sentence. */
  readonly promise: string;
  readonly check: (workspace: Workspace) => readonly Finding[];
}
