import { toJsonSafe, type JsonSafeOptions } from "@atlas/errors";
import { describeError } from "./describe-error.ts";
import type { LogLevel } from "./log-level.ts";
import type { LogFields } from "./logger.ts";

/** What becomes one line. */
export interface LogEntry {
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** How a line is made. */
export interface LineFormat {
  readonly redact: (field: string) => boolean;
  readonly bytesMax: number;
}

/** Tried in turn until the line fits; the last resort is the message alone. */
const sizes: readonly JsonSafeOptions[] = [
  {},
  { depthMax: 4, entriesMax: 30, stringLengthMax: 1_024 },
  { depthMax: 3, entriesMax: 10, stringLengthMax: 128 },
];

const reserved: readonly string[] = ["time", "level", "message", "truncated"];

/** Bytes that a character of a message may take in JSON, `\u0000` being the longest. */
const bytesPerUnit = 6;
/** Bytes of a line that holds nothing but its time, level and an empty message. */
const frameBytes = 128;

/** Makes one line of JSON with its line break, never longer than allowed. */
export function formatLine(entry: LogEntry, { redact, bytesMax }: LineFormat): string {
  const time = new Date(entry.time).toISOString();
  const { level, message } = entry;
  const fields = Object.fromEntries(Object.entries(entry.fields).map(withoutErrorsAndClashes));
  for (const [attempt, size] of sizes.entries()) {
    const text = toJsonSafe(message, size);
    const kept = toJsonSafe(fields, { ...size, redact });
    const truncated = attempt === 0 ? {} : { truncated: true };
    const record = { time, level, message: text, ...truncated, ...asObject(kept) };
    const line = `${JSON.stringify(record)}\n`;
    if (Buffer.byteLength(line) <= bytesMax) return line;
  }
  const stringLengthMax = Math.floor((bytesMax - frameBytes) / bytesPerUnit);
  const short = toJsonSafe(message, { stringLengthMax });
  return `${JSON.stringify({ time, level, message: short, truncated: true })}\n`;
}

/** Errors become objects; a field may not take the place of what the logger itself writes. */
function withoutErrorsAndClashes([name, value]: [string, unknown]): [string, unknown] {
  return [
    reserved.includes(name) ? `${name}_` : name,
    value instanceof Error ? describeError(value) : value,
  ];
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
