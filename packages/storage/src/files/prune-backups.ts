import { rm } from "node:fs/promises";
import { checkOptions } from "@atlas/errors";
import { listBackups, type BackupEntry } from "./backup-list.ts";
import { manifestPathOf } from "./backup-manifest.ts";

/** Which backups are kept: those that meet every limit given. */
export interface BackupRetention {
  /** The newest so many of each database, 1 to 10,000. Default: any number. */
  readonly count?: number;
  /** Those that are not older, in milliseconds. Default: of any age. */
  readonly ageMs?: number;
}

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
export function checkRetention(owner: string, keep: BackupRetention): void {
  checkOptions<BackupRetention>(owner, keep, {
    count: { min: 1, max: 10_000 },
    ageMs: { min: 0, max: Number.MAX_SAFE_INTEGER },
  });
}

/** What pruning did. */
export interface PruneReport {
  readonly kept: readonly string[];
  readonly deleted: readonly string[];
  /** Kept and not counted, because they cannot be relied on. */
  readonly damaged: readonly string[];
}

/** What pruning needs from its surroundings. */
export interface PruneHost {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Reads a backup from beginning to end; false when it is not what its manifest says. */
  readonly isSound: (path: string) => Promise<boolean>;
}

/**
 * Deletes the backups of a directory that are not to be kept, for each database
 * by itself. The newest one that can be read from beginning to end stays,
 * whatever the limits say: nothing is deleted before one was found.
 */
export async function pruneBackups(
  directory: string,
  keep: BackupRetention,
  host: PruneHost,
): Promise<PruneReport> {
  const report = { kept: [] as string[], deleted: [] as string[], damaged: [] as string[] };
  const ofDatabase = new Map<string, BackupEntry[]>();
  for (const entry of await listBackups(directory)) {
    if (entry.state === "missing") await rm(manifestPathOf(entry.path), { force: true });
    else if (entry.state === "damaged") report.damaged.push(entry.path);
    else addTo(ofDatabase, entry);
  }
  for (const entries of ofDatabase.values()) await pruneOne(entries, keep, { host, report });
  return report;
}

async function pruneOne(
  newestFirst: readonly BackupEntry[],
  keep: BackupRetention,
  { host, report }: { readonly host: PruneHost; readonly report: Lists },
): Promise<void> {
  let good = 0;
  for (const entry of newestFirst) {
    if (good === 0 && !(await host.isSound(entry.path))) {
      report.damaged.push(entry.path);
    } else if (good > 0 && isSurplus(entry, good, { keep, now: host.now })) {
      // The data first: what a crash leaves is a manifest alone, which the next call removes.
      await rm(entry.path, { force: true });
      await rm(manifestPathOf(entry.path), { force: true });
      report.deleted.push(entry.path);
    } else {
      good += 1;
      report.kept.push(entry.path);
    }
  }
}

interface Lists {
  readonly kept: string[];
  readonly deleted: string[];
  readonly damaged: string[];
}

function isSurplus(
  { manifest }: BackupEntry,
  kept: number,
  { keep, now }: { readonly keep: BackupRetention; readonly now: number },
): boolean {
  if (keep.count !== undefined && kept >= keep.count) return true;
  if (keep.ageMs === undefined || manifest === undefined) return false;
  return now - Date.parse(manifest.createdAt) > keep.ageMs;
}

function addTo(ofDatabase: Map<string, BackupEntry[]>, entry: BackupEntry): void {
  const name = entry.manifest?.database ?? "";
  const entries = ofDatabase.get(name);
  if (entries === undefined) ofDatabase.set(name, [entry]);
  else entries.push(entry);
}
