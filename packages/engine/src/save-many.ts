import type { AtlasError } from "@atlas/errors";
import type { SavedRecord } from "./save-all.ts";

/** How many records are written together. */
export interface SaveManyOptions {
  /**
   * `all-or-nothing`: one transaction, and the first record that is refused
   * refuses all. `item-by-item`: what is refused is named in the result, the
   * rest is saved. Default: "all-or-nothing".
   */
  readonly mode?: "all-or-nothing" | "item-by-item";
  /** Default: the actor of the change set. */
  readonly actor?: string;
  readonly signal?: AbortSignal;
}

/** What became of one record. */
export type SavedItem<Stored> =
  | SavedRecord<Stored>
  | { readonly status: "refused"; readonly error: AtlasError };

/** What became of all of them. */
export interface SaveManyResult<Stored> {
  /** True when none was refused. */
  readonly ok: boolean;
  /** One per record, in the order given. */
  readonly items: readonly SavedItem<Stored>[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
}
