import { type Database, defineTable, insertInto, type RowOf, type Table } from "@atlas/storage";

/** Rows of the table that is read. */
export const rowCount = 100_000;

/** Rows that a range covers. */
export const rangeLength = 100;

/** Tasks whose notes a join returns. */
export const joinLength = 25;

const notesPerTask = 2;

const taskColumns = {
  id: { type: "integer" },
  name: { type: "text" },
  status: { type: "text" },
  priority: { type: "integer" },
  description: { type: "text" },
  updated_at: { type: "integer" },
} as const;

/** The table that is read, and whose like is written. */
export const tasks: Table<typeof taskColumns, "tasks"> = defineTable("tasks", {
  columns: taskColumns,
  primaryKey: ["id"],
});

/** One row of it. */
export type Task = RowOf<typeof tasks>;

const noteColumns = {
  task: { type: "integer" },
  number: { type: "integer" },
  body: { type: "text" },
} as const;

/** The table that is joined. */
export const notes: Table<typeof noteColumns, "notes"> = defineTable("notes", {
  columns: noteColumns,
  primaryKey: ["task", "number"],
});

/** Creates and fills both tables with the same rows every time. */
export async function fill(database: Database): Promise<void> {
  const [insertTask, insertNote] = [insertInto(tasks).build(), insertInto(notes).build()];
  await database.write(async (connection) => {
    for (const statement of tableStatements(database)) await connection.execute(statement);
    await connection.runMany(insertTask, taskRows(rowCount));
    await connection.runMany(insertNote, noteRows());
  });
}

/** What creates both tables. */
export function tableStatements({ dialect }: Database): readonly string[] {
  return [tasks, notes].flatMap((table) => dialect.createTable(table));
}

/** As many rows as wanted, about 300 bytes each. */
export function taskRows(count: number): Task[] {
  return Array.from({ length: count }, (_, at) => taskRow(at + 1));
}

/** One row. */
export function taskRow(id: number): Task {
  return {
    id,
    name: `Task ${id}`,
    status: id % 3 === 0 ? "completed" : "pending",
    priority: id % 5,
    description: `What has to be done for task ${id}. `.repeat(6),
    updated_at: 1_700_000_000_000 + id,
  };
}

function* noteRows(): Generator<RowOf<typeof notes>> {
  for (let task = 1; task <= rowCount; task += 1) {
    for (let number = 1; number <= notesPerTask; number += 1) {
      yield { task, number, body: `What was noted at step ${number} of task ${task}.` };
    }
  }
}

/** A key that is not the one of the call before. */
export function keyOf(round: number): number {
  return ((round * 7_919) % (rowCount - rangeLength)) + 1;
}
