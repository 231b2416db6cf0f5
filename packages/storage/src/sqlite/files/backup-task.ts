/**
 * Copies one state of a live database, checks the copy, packs it, and checks
 * what was packed: what is verified is what is stored.
 *
 * The copy is made from a connection of its own that holds one snapshot from
 * beginning to end. Without the snapshot every commit of anybody else makes
 * SQLite start again from the first page, and under steady writing a backup
 * never ends; the writer's own connection is spared that only for its own
 * commits. The price is that the log cannot be reset while the copy is made.
 */
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { FileTask, TaskHost } from "./file-task.ts";
import { openInThread } from "./open-in-thread.ts";
import { compressFile, readStored, type Digests } from "./pack-file.ts";
import { syncFile } from "./sync-file.ts";
import { countRows, verifyCopy, type CopyFindings } from "./verify-copy.ts";

/** What a backup is made of. */
export interface BackupInput {
  readonly database: string;
  /** Where the copy is made. */
  readonly copy: string;
  /** Where the packed copy goes; undefined when it is not packed. */
  readonly packed: string | undefined;
  readonly level: number;
  readonly pagesPerStep: number;
  readonly busyTimeoutMs: number;
}

/** A finished copy. Without problems it is durable where it was asked for. */
export interface BackupOutcome extends CopyFindings, Digests {
  /** Tables with another number of rows than the snapshot had. */
  readonly different: readonly string[];
}

/**
 * So much of the copy at most waits to be written to the disk. All of it at the
 * end would keep the disk busy for as long as it takes, and every commit of the
 * database that is copied would wait behind it.
 */
const syncEveryBytes = 1024 * 1024;

/** See the head of this file. */
export const backupTask: FileTask<"backup"> = async (host, input) => {
  const before = await copySnapshot(host, input);
  const findings = verifyCopy(host.driver, input.copy);
  const names = new Set([...Object.keys(before), ...Object.keys(findings.rows)]);
  const different = [...names].filter((name) => before[name] !== findings.rows[name]);
  if (findings.problems.length > 0 || different.length > 0) {
    return { ...findings, ...nothing, different };
  }
  return input.packed === undefined
    ? { ...findings, ...(await storePlain(host, input.copy)), different }
    : { ...(await storePacked(host, { ...input, packed: input.packed }, findings)), different };
};

const nothing: Digests = { bytes: 0, sha256: "", contentBytes: 0, contentSha256: "" };

async function copySnapshot(
  { driver, throwIfCancelled, report }: TaskHost,
  { database, copy, pagesPerStep, busyTimeoutMs }: BackupInput,
): Promise<Readonly<Record<string, number>>> {
  const handle = openInThread(driver, database, busyTimeoutMs);
  const pagesPerSync = syncEveryBytes / Number(handle.pragma("page_size", { simple: true }));
  let synced = 0;
  let fd: number | undefined;
  try {
    handle.exec("begin");
    const rows = countRows(handle);
    await handle.backup(copy, {
      progress: ({ totalPages, remainingPages }) => {
        throwIfCancelled();
        const copied = totalPages - remainingPages;
        report(copied, totalPages);
        if (copied - synced >= pagesPerSync) {
          fdatasyncSync((fd ??= openSync(copy, "r+")));
          synced = copied;
        }
        return pagesPerStep;
      },
    });
    return rows;
  } finally {
    if (fd !== undefined) closeSync(fd);
    handle.close();
  }
}

async function storePlain({ throwIfCancelled }: TaskHost, copy: string): Promise<Digests> {
  await syncFile(copy);
  const source = { path: copy, compression: "none" } as const;
  return readStored(source, { bytesMax: Number.POSITIVE_INFINITY, throwIfCancelled });
}

async function storePacked(
  { throwIfCancelled }: TaskHost,
  { copy, packed, level }: BackupInput & { readonly packed: string },
  findings: CopyFindings,
): Promise<CopyFindings & Digests> {
  const written = await compressFile(copy, packed, { level, throwIfCancelled });
  await rm(copy);
  const source = { path: packed, compression: "zstd" } as const;
  const read = await readStored(source, { bytesMax: written.contentBytes, throwIfCancelled });
  const same = read.sha256 === written.sha256 && read.contentSha256 === written.contentSha256;
  const problems = same ? [] : ["The packed file does not give back what was packed"];
  return { ...findings, ...read, problems };
}
