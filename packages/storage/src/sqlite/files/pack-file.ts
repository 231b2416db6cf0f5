/** Copies, packs and unpacks files in pieces, with checksums of both sides. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import type { BackupCompression } from "../../files/backup-manifest.ts";

/** Sizes and SHA-256 of a stored file and of the database inside it. */
export interface Digests {
  readonly bytes: number;
  readonly sha256: string;
  readonly contentBytes: number;
  readonly contentSha256: string;
}

/** A stored file with how it is packed. */
export interface StoredFile {
  readonly path: string;
  readonly compression: BackupCompression;
}

type Chunks = AsyncIterable<Uint8Array>;
type Step = (chunks: Chunks) => AsyncGenerator<Uint8Array>;

/** Bytes read at a time: all that is in memory at once is a few of these. */
const pieceBytes = 1_048_576;

/** Packs a file; `level` is that of zstd, 1 to 19. */
export async function compressFile(
  source: string,
  target: string,
  { level, throwIfCancelled }: { readonly level: number; readonly throwIfCancelled: () => void },
): Promise<Digests> {
  const content = new Tally(throwIfCancelled);
  const stored = new Tally(throwIfCancelled);
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = constants;
  await pipeline(
    createReadStream(source, { highWaterMark: pieceBytes }),
    content.step,
    // With its own checksum other programs can test the file as well.
    createZstdCompress({ params: { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 } }),
    stored.step,
    createWriteStream(target, { flags: "wx", mode: 0o600, flush: true }),
  );
  return digests(stored, content);
}

/**
 * Reads a stored file from beginning to end and writes what is inside to
 * `target`, if one is given. Stops when there is more inside than `bytesMax`.
 */
export async function readStored(
  source: StoredFile,
  {
    target,
    bytesMax,
    throwIfCancelled,
  }: {
    readonly target?: string | undefined;
    readonly bytesMax: number;
    readonly throwIfCancelled: () => void;
  },
): Promise<Digests> {
  const stored = new Tally(throwIfCancelled);
  const content = new Tally(throwIfCancelled, bytesMax);
  const input = createReadStream(source.path, { highWaterMark: pieceBytes });
  const sink =
    target === undefined
      ? discard
      : createWriteStream(target, { flags: "wx", mode: 0o600, flush: true });
  if (source.compression === "zstd") {
    await pipeline(input, stored.step, createZstdDecompress(), content.step, sink);
  } else {
    await pipeline(input, stored.step, content.step, sink);
  }
  return digests(stored, content);
}

/** Counts and hashes what passes. */
class Tally {
  readonly #hash: Hash = createHash("sha256");
  readonly #throwIfCancelled: () => void;
  readonly #bytesMax: number;
  bytes = 0;

  constructor(throwIfCancelled: () => void, bytesMax: number = Number.POSITIVE_INFINITY) {
    this.#throwIfCancelled = throwIfCancelled;
    this.#bytesMax = bytesMax;
  }

  readonly step: Step = (chunks) => this.#pass(chunks);

  sha256(): string {
    return this.#hash.digest("hex");
  }

  async *#pass(chunks: Chunks): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#throwIfCancelled();
      this.bytes += chunk.byteLength;
      if (this.bytes > this.#bytesMax) throw contentTooLong();
      this.#hash.update(chunk);
      yield chunk;
    }
  }
}

async function discard(chunks: Chunks): Promise<void> {
  for await (const _ of chunks);
}

function digests(stored: Tally, content: Tally): Digests {
  return {
    bytes: stored.bytes,
    sha256: stored.sha256(),
    contentBytes: content.bytes,
    contentSha256: content.sha256(),
  };
}

/** Shares its code with what zstd gives for a damaged file: both are not what was stored. */
function contentTooLong(): Error {
  const error = new Error("The file holds more than its manifest says.");
  return Object.assign(error, { code: "ZSTD_error_corruption_detected" });
}
