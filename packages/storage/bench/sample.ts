import { type Database, defineTable, insertInto, type RowOf, type Table } from "@atlas/storage";

/** Rows of the table that is read. */
export const rowCount = 100_000;

const columns = {
  id: { type: "integer" },
  name: { type: "text" },
  status: { type: "text" },
  priority: { type: "integer" },
  description: { type: "text" },
  updated_at: { type: "integer" },
} as const;

/** The table that is read. */
export const tasks: Table<typeof columns, "tasks"> = defineTable("tasks", {
  columns,
  primaryKey: ["id"],
});

/** Fills the table with the same rows every time. */
export async function fill(database: Database): Promise<void> {
  const insert = insertInto(tasks).build();
  await database.write(async (connection) => {
    for (const statement of database.dialect.createTable(tasks)) {
      await connection.execute(statement);
    }
    await connection.runMany(insert, rows());
  });
}

function* rows(): Generator<RowOf<typeof tasks>> {
  for (let id = 1; id <= rowCount; id += 1) {
    yield {
      id,
      name: `Task ${id}`,
      status: id % 3 === 0 ? "completed" : "pending",
      priority: id % 5,
      description: `What has to be done for task ${id}. `.repeat(4),
      updated_at: 1_700_000_000_000 + id,
    };
  }
}

/** A key that is not the one of the call before. */
export function keyOf(round: number): number {
  return ((round * 7_919) % rowCount) + 1;
}
