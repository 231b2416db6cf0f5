/**
 * Reads a write-ahead log and checks it frame by frame. Format and checksum:
 * https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 *
 * Only the log is opened here, never the database file: closing a descriptor of
 * that one would drop the locks of this process.
 */
import { open, type FileHandle } from "node:fs/promises";

/** What a log holds from its beginning. */
export interface LogContent {
  /** Frames whose checksums follow from each other. */
  readonly validFrames: number;
  /** Those of them up to the last commit. */
  readonly committedFrames: number;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
/** Frames read at a time. */
const framesPerRead = 64;
/** The first number of a log whose checksums are made of big-endian words. */
const bigEndianMagic = 0x377f0683;

/** Two running sums over pairs of 32-bit words. */
interface Sums {
  readonly first: number;
  readonly second: number;
}

/** Frames that are intact, from the first on. An empty or missing log has none. */
export async function readLog(path: string, framesMax: number): Promise<LogContent> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT")
      return { validFrames: 0, committedFrames: 0 };
    throw error;
  }
  try {
    return await readFrames(file, framesMax);
  } finally {
    await file.close();
  }
}

async function readFrames(file: FileHandle, framesMax: number): Promise<LogContent> {
  const header = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(header, 0, headerBytes, 0);
  if (bytesRead < headerBytes) return { validFrames: 0, committedFrames: 0 };
  const bigEndian = header.readUInt32BE(0) === bigEndianMagic;
  const pageBytes = header.readUInt32BE(8);
  let sums = add({ first: 0, second: 0 }, header.subarray(0, 24), bigEndian);
  let validFrames = 0;
  let committedFrames = 0;
  if (!holds(sums, header, 24) || pageBytes < 512) return { validFrames, committedFrames };
  const frameBytes = frameHeaderBytes + pageBytes;
  const buffer = Buffer.alloc(frameBytes * framesPerRead);
  while (validFrames < framesMax) {
    const at = headerBytes + validFrames * frameBytes;
    const { bytesRead: read } = await file.read(buffer, 0, buffer.length, at);
    for (
      let start = 0;
      start + frameBytes <= read && validFrames < framesMax;
      start += frameBytes
    ) {
      const frame = buffer.subarray(start, start + frameBytes);
      // Frames of an earlier round of the log carry other salts.
      if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) {
        return { validFrames, committedFrames };
      }
      sums = add(sums, frame.subarray(0, 8), bigEndian);
      sums = add(sums, frame.subarray(frameHeaderBytes), bigEndian);
      if (!holds(sums, frame, 16)) return { validFrames, committedFrames };
      validFrames += 1;
      // The last frame of a transaction says how large the database is after it.
      if (frame.readUInt32BE(4) !== 0) committedFrames = validFrames;
    }
    if (read < buffer.length) break;
  }
  return { validFrames, committedFrames };
}

function add({ first, second }: Sums, bytes: Buffer, bigEndian: boolean): Sums {
  for (let at = 0; at < bytes.length; at += 8) {
    const one = bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const two = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    first = (first + one + second) >>> 0;
    second = (second + two + first) >>> 0;
  }
  return { first, second };
}

/** Checksums are stored big-endian, whatever words they were made of. */
function holds({ first, second }: Sums, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}
