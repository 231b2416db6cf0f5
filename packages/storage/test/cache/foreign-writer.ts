// Changes rows of a file that others use: one transaction per message
// `{ id, commit }`, answered with the value it gave the row.
import { openSqlite } from "@atlas/storage/sqlite";
import { advance } from "./cached-tasks.ts";

const [path] = process.argv.slice(2) as [string];
const database = await openSqlite(path);

process.on("message", (message) => {
  const { id, commit } = message as { id: number; commit: boolean };
  void advance(database, id, { commit }).then((value) => process.send?.({ value }));
});
process.send?.({ ready: true });
