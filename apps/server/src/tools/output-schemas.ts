import type { JsonSchema } from "./compact-json-schema.ts";

/**
 * Nothing is `required`: a failure answers with `error` instead, and clients
 * hold failures against the schema as well.
 */
const text = { type: "string" };
const whole = { type: "integer" };
const object = { type: "object" };

/** What every view of a task has, for those who read schemas. */
const task = {
  type: "object",
  properties: { id: text, path: text, name: text, status: text, version: whole, lease: object },
};
const tasks = { type: "array", items: task };

/** `tasks`, and in item-by-item mode `failures`. */
export const changedTasksSchema: JsonSchema = {
  type: "object",
  properties: { tasks, failures: { type: "array", items: object } },
};
/** `tasks`. */
export const tasksSchema: JsonSchema = { type: "object", properties: { tasks } };
/** A page of tasks. */
export const taskPageSchema: JsonSchema = {
  type: "object",
  properties: { tasks, total: whole, nextCursor: text },
};
/** A page of changes. */
export const historySchema: JsonSchema = {
  type: "object",
  properties: { changes: { type: "array", items: object }, nextCursor: text },
};
/** Ids of deleted tasks. */
export const deletedSchema: JsonSchema = {
  type: "object",
  properties: { deleted: { type: "array", items: text } },
};
/** Facts about the server and its store. */
export const systemStatusSchema: JsonSchema = {
  type: "object",
  properties: { version: text, tasks: object, store: object },
};
