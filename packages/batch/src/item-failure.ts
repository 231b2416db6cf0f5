import { AtlasError } from "@atlas/errors";
import { batchError } from "./errors.ts";

/**
 * Makes the error with which an operation over a set says which of its items
 * is at fault. `position` counts from 0 in the items of that call; `cause` is
 * what the item failed with, and what is reported of it.
 */
export function itemFailure(position: number, cause: unknown): AtlasError {
  return batchError("batch.item_failed", `The item at position ${position} of a batch failed.`, {
    details: { position },
    cause,
  });
}

/** What an operation over a set threw, taken apart. */
export interface SetFailure {
  /** The position of the item at fault; absent when that is not known. */
  readonly position?: number;
  readonly error: unknown;
}

/** Takes apart what an operation over a set threw. */
export function readSetFailure(thrown: unknown): SetFailure {
  if (!AtlasError.is(thrown) || thrown.code !== "batch.item_failed") return { error: thrown };
  const position = thrown.details?.["position"];
  return typeof position === "number" ? { position, error: thrown.cause } : { error: thrown };
}
