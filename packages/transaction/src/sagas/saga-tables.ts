import { defineTable, type IndexDefinition, type Table } from "@atlas/storage";

const sagaColumns = {
  id: { type: "text" },
  name: { type: "text" },
  key: { type: "text" },
  input: { type: "text" },
  /** Paths of the steps, to notice a saga that was declared anew. */
  paths: { type: "text" },
  status: { type: "text" },
  position: { type: "integer" },
  failure: { type: "text", nullable: true },
  created_at: { type: "integer" },
  updated_at: { type: "integer" },
} as const;

const stepColumns = {
  saga: { type: "text" },
  position: { type: "integer" },
  path: { type: "text" },
  /** started, completed, compensated or resolved (left by a person). */
  status: { type: "text" },
  /** Attempts begun, those that a crash ended included. */
  attempts: { type: "integer" },
  failures: { type: "integer", default: 0 },
  undo_failures: { type: "integer", default: 0 },
  /** Times that a process took it up again in the middle of being undone. */
  undo_crashes: { type: "integer", default: 0 },
  outcome: { type: "text", nullable: true },
} as const;

const historyColumns = {
  number: { type: "integer", increments: true },
  saga: { type: "text" },
  at: { type: "integer" },
  text: { type: "text" },
} as const;

/** @internal */
export const sagasTable: Table<typeof sagaColumns> = defineTable("atlas_sagas", {
  columns: sagaColumns,
  primaryKey: ["id"],
  unique: [["name", "key"]],
});
/** @internal */
export const sagaStepsTable: Table<typeof stepColumns> = defineTable("atlas_saga_steps", {
  columns: stepColumns,
  primaryKey: ["saga", "position"],
});
/** @internal */
export const sagaHistoryTable: Table<typeof historyColumns> = defineTable("atlas_saga_history", {
  columns: historyColumns,
  primaryKey: ["number"],
});
/** @internal */
export const sagaIndexes: readonly IndexDefinition[] = [
  {
    name: "atlas_sagas_unfinished",
    table: sagasTable.name,
    on: ["id"],
    where: "status IN ('running', 'compensating')",
  },
  { name: "atlas_sagas_status", table: sagasTable.name, on: ["status", "id"] },
  { name: "atlas_saga_history_saga", table: sagaHistoryTable.name, on: ["saga", "number"] },
];
