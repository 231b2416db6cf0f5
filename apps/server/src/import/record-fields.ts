import type { JsonObject, JsonValue, NewNote, NoteKind } from "@atlas/tasks";

/** A record of another program as parsed, none of it certain. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** Longest values that the task manager takes; longer ones are cut and named. */
const nameLengthMax = 200;
const tagLengthMax = 64;
const noteLengthMax = 16_384;
const assigneeLengthMax = 100;

/** True for a JSON object. */
export function isRecord(value: unknown): value is RawRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text or number as text; anything else is nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** A list of texts; a lone one counts as a list of one. */
export function textsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((part) => textOf(part) ?? []);
}

/** A moment as ISO 8601 in UTC; nothing when the value is not one. */
function instantOf(value: unknown): string | undefined {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  const text = textOf(value);
  if (text === undefined) return undefined;
  // `2026-01-01 23:37` says nothing of a zone: taken as UTC, it is the same everywhere.
  const plain = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(text);
  const date = new Date(plain === null ? text : `${plain[1]}T${plain[2] ?? "00:00"}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** A field that fits, and the whole value when it had to be cut. */
export interface FittedField<Value> {
  readonly value: Value;
  readonly whole?: JsonValue;
}

/** A name that fits. */
export function fitName(name: string): FittedField<string> {
  const line = name.replaceAll(/\s+/g, " ");
  if (line.length <= nameLengthMax) return { value: line };
  return { value: `${line.slice(0, nameLengthMax - 1)}…`, whole: name };
}

/** Tags that fit, without doubles. */
export function fitTags(tags: readonly string[]): FittedField<readonly string[]> {
  const fitting = [...new Set(tags)].filter((tag) => tag.length <= tagLengthMax);
  const whole = tags.some((tag) => tag.length > tagLengthMax) ? tags : undefined;
  return { value: fitting, ...(whole !== undefined && { whole }) };
}

/** A name of a person or agent that fits. */
export function fitAssignee(name: string | undefined): { readonly assignee?: string } {
  return name === undefined ? {} : { assignee: name.slice(0, assigneeLengthMax) };
}

/** A text as notes; a long one becomes several, so that nothing is lost. */
export function notesOf(kind: NoteKind, text: string | undefined): NewNote[] {
  if (text === undefined) return [];
  const count = Math.ceil(text.length / noteLengthMax);
  return Array.from({ length: count }, (_, at) => ({
    kind,
    text: text.slice(at * noteLengthMax, (at + 1) * noteLengthMax),
  }));
}

/** Texts under headings, those that are empty left out. */
export function sectionsText(sections: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(sections)
    .filter(([, text]) => text !== undefined)
    .map(([heading, text]) => (heading === "" ? text : `## ${heading}\n\n${text}`))
    .join("\n\n");
}

/** The fields that have no place of their own, as far as JSON can say them. */
export function restOf(record: RawRecord, known: readonly string[]): JsonObject {
  const rest = Object.entries(record).filter(
    ([key, value]) => !known.includes(key) && !isEmpty(value),
  );
  // What comes out of a parser of JSON or YAML is JSON once it went through it again.
  return JSON.parse(JSON.stringify(Object.fromEntries(rest))) as JsonObject;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

/** Optional fields of a task that were found. */
export function instantsOf(found: {
  readonly createdAt: unknown;
  readonly updatedAt: unknown;
  readonly completedAt: unknown;
}): { readonly createdAt?: string; readonly updatedAt?: string; readonly completedAt?: string } {
  const instants = Object.entries(found).map(([name, value]) => [name, instantOf(value)]);
  return Object.fromEntries(instants.filter(([, instant]) => instant !== undefined));
}
