import Driver from "better-sqlite3";
import { insertTask, taskById, taskNotes, taskRange } from "../queries.ts";
import { joinLength, keyOf, rangeLength, type Task } from "../sample.ts";
import { type Peer, settings, type Synchronous } from "./peer.ts";

/** The driver itself, every statement prepared once, rows inserted one by one. */
export const betterSqlite3: Peer = {
  name: "better-sqlite3 prepared",
  open(path, synchronous) {
    const handle = openHandle(path, synchronous);
    const [byId, range, join, insert] = [taskById, taskRange, taskNotes, insertTask].map(
      ({ sql }) => handle.prepare<unknown[]>(sql),
    ) as [Driver.Statement, Driver.Statement, Driver.Statement, Driver.Statement];
    const insertOne = (row: Task): unknown =>
      insert.run(row.id, row.name, row.status, row.priority, row.description, row.updated_at);
    return {
      pointRead: (round) => byId.get(keyOf(round)),
      range: (round) => range.all(keyOf(round), keyOf(round) + rangeLength),
      join: (round) => join.all(keyOf(round), keyOf(round) + joinLength),
      insert: insertOne,
      bulk: handle.transaction((rows: readonly Task[]) => {
        for (const row of rows) insertOne(row);
      }).immediate,
      close: () => handle.close(),
    };
  },
};

/** Opens the driver on a file with the settings that Atlas has. */
export function openHandle(path: string, synchronous: Synchronous): Driver.Database {
  const handle = new Driver(path);
  for (const setting of settings(synchronous)) handle.pragma(setting);
  return handle;
}
