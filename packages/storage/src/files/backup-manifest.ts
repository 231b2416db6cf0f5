/**
 * What is known of a backup, in a file beside it: `<backup>.json`.
 *
 * The manifest is written last, as a whole, and carries a checksum of itself.
 * So a backup that was cut off by a crash has none, one whose manifest is torn
 * is told from a good one, and neither is ever taken for a backup that can be
 * relied on.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";

/** How the stored file is packed. */
export type BackupCompression = "none" | "zstd";

/** What a finished backup holds. */
export interface BackupManifest {
  readonly format: "atlas-backup";
  readonly formatVersion: 1;
  /** Name of the file of the database, without its directory. */
  readonly database: string;
  /** Name of the stored file, without its directory. */
  readonly file: string;
  readonly compression: BackupCompression;
  /** Size of the stored file. */
  readonly bytes: number;
  /** SHA-256 of the stored file, in hexadecimal. */
  readonly sha256: string;
  /** Size of the database inside. */
  readonly contentBytes: number;
  /** SHA-256 of the database inside, in hexadecimal. */
  readonly contentSha256: string;
  /** Rows per table, the same in the database and in the copy. */
  readonly rows: Readonly<Record<string, number>>;
  /** Version of the last migration per component. */
  readonly schema: Readonly<Record<string, number>>;
  /** The mark of the program the file belongs to; 0 for none. */
  readonly applicationId: number;
  /** When the copy was begun, as ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly durationMs: number;
}

/** Largest manifest that is read; thousands of tables fit. */
export const manifestBytesMax = 1_048_576;

const suffix = ".json";

/** Where the manifest of a backup is. */
export function manifestPathOf(backup: string): string {
  return `${backup}${suffix}`;
}

/** The backup a manifest belongs to; undefined when the name is not that of a manifest. */
export function backupPathOf(manifest: string): string | undefined {
  return manifest.endsWith(suffix) ? manifest.slice(0, -suffix.length) : undefined;
}

/** The text of a manifest, with a checksum over everything before it. */
export function formatManifest(manifest: BackupManifest): string {
  return `${JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }, undefined, 2)}\n`;
}

/** The manifest in `text` for the backup at `backup`; undefined when it is torn or another's. */
export function parseManifest(text: string, backup: string): BackupManifest | undefined {
  const parsed = parseObject(text);
  if (parsed === undefined) return undefined;
  const { checksum, ...manifest } = parsed;
  if (manifest["format"] !== "atlas-backup" || manifest["formatVersion"] !== 1) return undefined;
  if (checksum !== checksumOf(manifest) || manifest["file"] !== basename(backup)) return undefined;
  // The checksum says that these are the bytes that formatManifest wrote.
  return manifest as unknown as BackupManifest;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function checksumOf(manifest: object): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}
