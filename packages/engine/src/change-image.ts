import { isDeepStrictEqual } from "node:util";
import type { ChangeImage } from "./change-log.ts";

/** Both sides of an update, reduced to what differs. */
export interface ChangedFields {
  readonly before: ChangeImage;
  readonly after: ChangeImage;
  readonly fields: readonly string[];
}

/** The fields in which two images of a record differ. */
export function changedFields(before: ChangeImage, after: ChangeImage): ChangedFields {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const fields = [...names].filter((name) => !sameValue(before[name], after[name]));
  return { before: pick(before, fields), after: pick(after, fields), fields };
}

/** The given columns of a record, as the change log and comparisons see them. */
export function imageOf(record: object, columns: readonly string[]): ChangeImage {
  // Records are plain objects with the columns of their table.
  return pick(record as ChangeImage, columns);
}

/** The image as JSON can hold it: bytes become base64 text. */
export function storableImage(image: ChangeImage): ChangeImage {
  if (!Object.values(image).some((value) => value instanceof Uint8Array)) return image;
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (!isObject(left) || !isObject(right)) return (left ?? null) === (right ?? null);
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return textOf(left) === textOf(right);
  }
  // Compared as they are stored: in JSON a field without a value is not there at all.
  const [before, after] = [JSON.stringify(left), JSON.stringify(right)];
  return before === after || isDeepStrictEqual(JSON.parse(before), JSON.parse(after));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function pick(record: ChangeImage, names: readonly string[]): ChangeImage {
  const image: Record<string, unknown> = {};
  for (const name of names) image[name] = record[name] ?? null;
  return image;
}
