import { z } from "zod";
import { taskLimits } from "./limits.ts";
import { noteKinds, taskPriorities, taskStatuses, taskTypes } from "./task.ts";

/** Longer than any path: room for characters of two units each. */
const referenceLengthMax = 2_000;

const settableStatuses = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;

/** Paths are kept in the composed form of Unicode, so that what looks the same is the same. */
const reference = z.string().min(1).max(referenceLengthMax).normalize("NFC");
const name = z.string().trim().min(1).max(taskLimits.nameLengthMax);
const tag = z.string().trim().min(1).max(taskLimits.tagLengthMax);
const tags = z
  .array(tag)
  .max(taskLimits.tagsMax)
  .transform((list) => [...new Set(list)]);
const actor = z.string().trim().min(1).max(taskLimits.actorLengthMax);
const metadata = z
  .record(z.string().min(1).max(200), z.json())
  .refine((value) => JSON.stringify(value).length <= taskLimits.metadataLengthMax, {
    message: `The metadata must have at most ${taskLimits.metadataLengthMax} characters as JSON.`,
  });
const note = z.strictObject({
  kind: z.enum(noteKinds),
  text: z.string().min(1).max(taskLimits.noteLengthMax),
});
const dependencies = z.array(reference).max(taskLimits.dependenciesMax);
const externalId = z.string().min(1).max(taskLimits.externalIdLengthMax);
const version = z.int().min(1);
const token = z.int().min(0);

/** What a caller may say of a new task; defaults are filled in. @internal */
export const newTaskSchema = z.strictObject({
  name,
  path: reference.optional(),
  parent: reference.optional(),
  dependencies: dependencies.default([]),
  description: z.string().max(taskLimits.descriptionLengthMax).default(""),
  type: z.enum(taskTypes).default("task"),
  status: z.enum(settableStatuses).default("pending"),
  priority: z.enum(taskPriorities).default("medium"),
  tags: tags.default([]),
  assignee: actor.optional(),
  reasoning: z.string().max(taskLimits.reasoningLengthMax).default(""),
  metadata: metadata.default({}),
  notes: z.array(note).max(taskLimits.notesMax).default([]),
});

/** What a caller may change of a task. @internal */
export const taskUpdateSchema = z.strictObject({
  task: reference,
  ifVersion: version.optional(),
  lease: token.optional(),
  name: name.optional(),
  description: z.string().max(taskLimits.descriptionLengthMax).optional(),
  type: z.enum(taskTypes).optional(),
  status: z.enum(settableStatuses).optional(),
  priority: z.enum(taskPriorities).optional(),
  tags: tags.optional(),
  assignee: actor.nullable().optional(),
  reasoning: z.string().max(taskLimits.reasoningLengthMax).optional(),
  metadata: metadata.optional(),
  addNotes: z.array(note).max(taskLimits.notesMax).default([]),
  addDependencies: dependencies.default([]),
  removeDependencies: dependencies.default([]),
  parent: reference.nullable().optional(),
});

/** @internal */
export const actionContextSchema = z.strictObject({ actor });

/** Which tasks a list is about. @internal */
export const taskFilterSchema = z.strictObject({
  status: z.array(z.enum(taskStatuses)).max(100).optional(),
  type: z.array(z.enum(taskTypes)).max(100).optional(),
  priority: z.array(z.enum(taskPriorities)).max(100).optional(),
  tags: tags.optional(),
  assignee: actor.optional(),
  parent: reference.nullable().optional(),
  under: reference.optional(),
  query: z.string().max(taskLimits.queryLengthMax).optional(),
});

/** A record of another program. @internal */
export const importedTaskSchema = newTaskSchema
  .omit({ path: true, parent: true, dependencies: true })
  .extend({
    externalId,
    externalParent: externalId.optional(),
    externalDependencies: z.array(externalId).max(taskLimits.dependenciesMax).default([]),
    createdAt: z.iso.datetime({ offset: true }).optional(),
    updatedAt: z.iso.datetime({ offset: true }).optional(),
    completedAt: z.iso.datetime({ offset: true }).optional(),
  });

/** A new task with nothing left out. @internal */
export type CheckedNewTask = z.output<typeof newTaskSchema>;
/** @internal */
export type CheckedUpdate = z.output<typeof taskUpdateSchema>;
/** @internal */
export type CheckedFilter = z.output<typeof taskFilterSchema>;
/** @internal */
export type CheckedImport = z.output<typeof importedTaskSchema>;
