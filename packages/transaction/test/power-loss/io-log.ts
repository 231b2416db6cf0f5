/** One thing that a process did to a file. See native/record-io.c. */
export type IoRecord =
  | { readonly kind: "directory" | "create"; readonly file: bigint; readonly path: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "rename" | "link"; readonly path: string; readonly target: string }
  | {
      readonly kind: "write";
      readonly file: bigint;
      readonly offset: number;
      readonly data: Buffer;
    }
  | { readonly kind: "truncate"; readonly file: bigint; readonly size: number }
  | {
      readonly kind: "sync-begin" | "sync-end";
      readonly file: bigint;
      readonly sync: number;
      /** True when the thread of the event loop did it. */
      readonly inLoop?: boolean;
    }
  /** What the workload said. */
  | { readonly kind: "mark"; readonly text: string };

const headBytes = 24;

/** Reads a log. Refuses one that holds what the recorder could not record. */
export function parseIoLog(log: Buffer): readonly IoRecord[] {
  const records: IoRecord[] = [];
  for (let at = 0; at < log.length;) {
    const length = log.readUInt32LE(at + 4);
    const payload = log.subarray(at + headBytes, at + headBytes + length);
    const head: RecordHead = {
      kind: String.fromCharCode(log[at] ?? 0),
      inLoop: log[at + 1] === 1,
      file: log.readBigUInt64LE(at + 8),
    };
    records.push(parseRecord(head, Number(log.readBigUInt64LE(at + 16)), payload));
    at += headBytes + length;
  }
  return records;
}

interface RecordHead {
  readonly kind: string;
  readonly inLoop: boolean;
  readonly file: bigint;
}

function parseRecord(
  { kind, inLoop, file }: RecordHead,
  argument: number,
  payload: Buffer,
): IoRecord {
  const text = (): string => payload.toString("utf8");
  switch (kind) {
    case "D":
      return { kind: "directory", file, path: text() };
    case "C":
      return { kind: "create", file, path: text() };
    case "U":
      return { kind: "remove", path: text() };
    case "R":
    case "L": {
      const [path = "", target = ""] = text().split("\0");
      return { kind: kind === "R" ? "rename" : "link", path, target };
    }
    case "W":
      return { kind: "write", file, offset: argument, data: payload };
    case "T":
      return { kind: "truncate", file, size: argument };
    case "B":
      return { kind: "sync-begin", file, sync: argument, inLoop };
    case "S":
      return { kind: "sync-end", file, sync: argument, inLoop };
    case "A":
      return { kind: "mark", text: text() };
    default:
      throw new Error(`The log holds what cannot be replayed: ${kind} ${text()}`);
  }
}

/** Where a write-ahead log gets a new header: it begins, or starts again at its beginning. */
export function logBeginnings(records: readonly IoRecord[]): readonly number[] {
  const logs = new Set<bigint>();
  return records.flatMap((record, at) => {
    if (record.kind === "create" && record.path.endsWith("-wal")) logs.add(record.file);
    return record.kind === "write" && record.offset === 0 && logs.has(record.file) ? [at] : [];
  });
}
