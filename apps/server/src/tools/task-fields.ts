/**
 * The parts that arguments of several tools are made of.
 *
 * The words are those of @atlas/tasks, written down once more because that
 * package brings the store with it, which must not load before a client has its
 * first answer. The types make a word that is missing or too many an error.
 */
import type {
  JsonObject,
  JsonValue,
  NoteKind,
  SettableStatus,
  TaskPriority,
  TaskStatus,
  TaskType,
} from "@atlas/tasks";
import * as z from "zod/v4";

type Words<Word extends string> = { readonly [Each in Word]: Each };

const types: Words<TaskType> = { task: "task", milestone: "milestone", group: "group" };
const priorities: Words<TaskPriority> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
};
const settable: Words<SettableStatus> = {
  pending: "pending",
  in_progress: "in_progress",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
};
const statuses: Words<TaskStatus> = { ...settable, blocked: "blocked" };
const kinds: Words<NoteKind> = {
  planning: "planning",
  progress: "progress",
  completion: "completion",
  troubleshooting: "troubleshooting",
};

/** A list; a lone value is taken as a list of one. */
export function listOf<Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item),
  );
}

/** An id or a path. */
export const reference: z.ZodString = z.string().min(1);
/** See {@link reference}. */
export const references: z.ZodType<string[]> = listOf(reference);
/** Free text. */
export const text: z.ZodString = z.string();
/** Several texts. */
export const texts: z.ZodType<string[]> = listOf(text);
/** A count, a token, a version. */
export const whole: z.ZodInt = z.int();
/** What a task can be. */
export const typeField: z.ZodType<TaskType> = z.enum(types);
/** How urgent a task is. */
export const priorityField: z.ZodType<TaskPriority> = z.enum(priorities);
/** The statuses a caller may set. */
export const settableStatusField: z.ZodType<SettableStatus> = z.enum(settable);
/** The statuses a task may have. */
export const statusField: z.ZodType<TaskStatus> = z.enum(statuses);
/** Any JSON by name. */
// The cast holds because arguments come out of JSON; `z.json()` would write its recursive
// definition into the schema of every tool that has the field.
export const metadataField: z.ZodType<JsonObject> = z.record(
  z.string(),
  z.unknown(),
) as z.ZodRecord<z.ZodString, z.ZodType<JsonValue>>;
/** Notes to add. */
export const notesField: z.ZodType<{ kind: NoteKind; text: string }[]> = listOf(
  z.strictObject({ kind: z.enum(kinds), text: z.string() }),
);
/** Who acts. */
export const actorField: z.ZodString = z.string().min(1);
/** How much of each task an answer holds. */
export const detailField: z.ZodType<"concise" | "full"> = z.enum(["concise", "full"]);
/** What becomes of a call with several items. */
export const modeField: z.ZodType<"all-or-nothing" | "item-by-item"> = z.enum([
  "all-or-nothing",
  "item-by-item",
]);
/** A lease in seconds. */
export const leaseSecondsField: z.ZodNumber = z.number().positive();

/** The token of a lease; the lease as an answer gave it is taken too. */
export const leaseField: z.ZodType<number> = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null && "token" in value ? value.token : value,
  z.int(),
);
