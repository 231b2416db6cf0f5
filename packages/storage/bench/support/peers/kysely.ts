import { Kysely, SqliteDialect } from "kysely";
import { joinLength, keyOf, type notes, rangeLength, type Task } from "../sample.ts";
import type { RowOf } from "@atlas/storage";
import { openHandle } from "./better-sqlite3.ts";
import { chunksOf, type Peer } from "./peer.ts";

interface Schema {
  readonly tasks: Task;
  readonly notes: RowOf<typeof notes>;
}

const columns = ["id", "name", "status", "priority", "description", "updated_at"] as const;

/** Kysely with its own dialect, which compiles and prepares for each call. */
export const kysely: Peer = {
  name: "kysely",
  open(path, synchronous) {
    const database = openHandle(path, synchronous);
    const peer = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
    return {
      pointRead: (round) =>
        peer.selectFrom("tasks").select(columns).where("id", "=", keyOf(round)).executeTakeFirst(),
      range: (round) =>
        peer
          .selectFrom("tasks")
          .select(columns)
          .where("id", ">=", keyOf(round))
          .where("id", "<", keyOf(round) + rangeLength)
          .orderBy("id")
          .execute(),
      join: (round) =>
        peer
          .selectFrom("tasks")
          .innerJoin("notes", "notes.task", "tasks.id")
          .select(["tasks.id", "name", "number", "body"])
          .where("tasks.id", ">=", keyOf(round))
          .where("tasks.id", "<", keyOf(round) + joinLength)
          .orderBy("tasks.id")
          .orderBy("number")
          .execute(),
      insert: (row) => peer.insertInto("tasks").values(row).execute(),
      bulk: (rows) =>
        peer.transaction().execute(async (transaction) => {
          for (const chunk of chunksOf(rows)) {
            await transaction.insertInto("tasks").values(chunk).execute();
          }
        }),
      close: () => peer.destroy(),
    };
  },
};
