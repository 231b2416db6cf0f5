import { storageError } from "../errors.ts";
import type { Handle } from "./driver.ts";

/** One setting of a connection, and why it has the value it has. */
export interface Pragma {
  readonly name: string;
  readonly value: number;
  readonly reason: string;
  /** Which connections get it. Default: all. */
  readonly only?: "writer" | "reader";
}

/** The settings that depend on options. */
export interface PragmaOptions {
  /** Page cache of each connection in KiB. */
  readonly cacheSizeKib: number;
  /** Who copies the log back. */
  readonly checkpoints: "background" | "commit";
}

/** Size to which the log is cut back once nothing needs what is behind it. */
const journalSizeLimit: number = 64 * 1024 * 1024;

/** Pages after which a commit copies what is left of the log back itself. */
const autoCheckpointPages = { background: 12_000, commit: 1_000 };

const fixed: readonly Pragma[] = [
  {
    name: "busy_timeout",
    value: 0,
    reason: "SQLite would wait on this thread; Atlas waits for other processes asynchronously.",
  },
  {
    name: "foreign_keys",
    value: 1,
    reason: "References that are declared are enforced; the default depends on the build.",
  },
  {
    name: "recursive_triggers",
    value: 1,
    reason: "Without it REPLACE deletes rows silently and search indexes keep their words.",
  },
  {
    name: "trusted_schema",
    value: 0,
    reason: "A file from elsewhere must not run functions with side effects from its schema.",
  },
  {
    name: "cell_size_check",
    value: 1,
    reason: "A damaged page is reported when it is read, not spread when it is written.",
  },
  {
    name: "mmap_size",
    value: 0,
    reason: "With mapped files an error of the device ends the process instead of one statement.",
  },
  {
    name: "temp_store",
    value: 2,
    reason: "Sorting stays in memory: nothing is written outside the directory of the data.",
  },
  {
    name: "synchronous",
    value: 1,
    reason: "The writer's log is synced by Atlas itself, on a thread, before it acknowledges.",
  },
  {
    name: "journal_size_limit",
    value: journalSizeLimit,
    reason: "A log that grew under a long read is cut back at the next reset.",
    only: "writer",
  },
  {
    name: "query_only",
    value: 1,
    reason: "The handle of a reader is read-only already; this refuses temporary tables as well.",
    only: "reader",
  },
];

/** Every setting of every connection; each is read back after it is set. */
export function pragmas({ cacheSizeKib, checkpoints }: PragmaOptions): readonly Pragma[] {
  const cacheSize: Pragma = {
    name: "cache_size",
    value: -cacheSizeKib,
    reason: "Negative means KiB, so the memory does not depend on the page size.",
  };
  const autoCheckpoint: Pragma = {
    name: "wal_autocheckpoint",
    value: autoCheckpointPages[checkpoints],
    reason:
      checkpoints === "commit"
        ? "SQLite's own default: nobody else copies the log back."
        : "A net: the log is copied back on another thread long before a commit has to do it.",
    only: "writer",
  };
  return [...fixed, cacheSize, autoCheckpoint];
}

/**
 * Sets what belongs to this kind of connection and reads each value back.
 *
 * @throws {AtlasError} storage.setting_refused
 */
export function applyPragmas(
  handle: Handle,
  kind: "writer" | "reader",
  options: PragmaOptions,
): void {
  for (const { name, value, only } of pragmas(options)) {
    if (only !== undefined && only !== kind) continue;
    handle.pragma(`${name} = ${value}`);
    const actual = Number(handle.pragma(name, { simple: true }));
    if (actual !== value) throw settingRefused(name, value, actual);
  }
}

/**
 * Sets the page cache of an open connection and reads it back.
 *
 * @throws {AtlasError} storage.setting_refused
 */
export function setCacheSize(handle: Handle, kib: number): void {
  handle.pragma(`cache_size = ${-kib}`);
  const actual = Number(handle.pragma("cache_size", { simple: true }));
  if (actual !== -kib) throw settingRefused("cache_size", -kib, actual);
}

/** The error of a setting that reads back as something else. */
export function settingRefused(name: string, value: number, actual: number): Error {
  return storageError(
    "storage.setting_refused",
    `SQLite did not take the setting ${name} = ${value}; it is ${actual}. ` +
      "Use the unchanged better-sqlite3 driver.",
    { details: { name, value, actual } },
  );
}
