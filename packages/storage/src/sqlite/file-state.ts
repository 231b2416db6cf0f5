/** What SQLite says of the file of a handle, in numbers. */
import type { Statement } from "better-sqlite3";
import type { Handle } from "./driver.ts";
import { isBusy, translateError } from "./translate-error.ts";

/** Frames in the log, and those of them that the database file has. */
export interface LogFrames {
  readonly frames: number;
  readonly framesCopied: number;
}

type Pragma = "schema_version" | "data_version" | "wal_checkpoint(noop)";

const prepared = new WeakMap<Handle, Map<Pragma, Statement<[], readonly number[]>>>();

/** Differs from the answer before when somebody has changed the schema. */
export function schemaVersion(handle: Handle, location: string): number {
  return Number(ask(handle, location, "schema_version")[0]);
}

/** Differs from the answer before when another connection has committed. */
export function dataVersion(handle: Handle, location: string): number {
  return Number(ask(handle, location, "data_version")[0]);
}

/** Undefined inside a transaction, and while others look after the log. */
export function logFrames(handle: Handle, location: string): LogFrames | undefined {
  if (handle.inTransaction) return undefined;
  try {
    const [, frames = 0, framesCopied = 0] = numbers(handle, "wal_checkpoint(noop)");
    return { frames: Math.max(0, frames), framesCopied: Math.max(0, framesCopied) };
  } catch (cause) {
    if (isBusy(cause)) return undefined;
    throw translateError(cause, { during: "run", location });
  }
}

function ask(handle: Handle, location: string, pragma: Pragma): readonly number[] {
  try {
    return numbers(handle, pragma);
  } catch (cause) {
    throw translateError(cause, { during: "run", location });
  }
}

/**
 * As a list: for a row by names the driver makes a new function each time a pragma runs, which
 * takes five times as long as the pragma.
 */
function numbers(handle: Handle, pragma: Pragma): readonly number[] {
  let known = prepared.get(handle);
  if (known === undefined) prepared.set(handle, (known = new Map()));
  let statement = known.get(pragma);
  if (statement === undefined) {
    statement = handle.prepare<[], readonly number[]>(`pragma ${pragma}`).raw(true);
    known.set(pragma, statement);
  }
  return statement.get() ?? [];
}
