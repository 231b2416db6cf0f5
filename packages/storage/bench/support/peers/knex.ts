import createKnex from "knex";
import { joinLength, keyOf, rangeLength } from "../sample.ts";
import { chunkLength, type Peer, settings } from "./peer.ts";

const columns = ["id", "name", "status", "priority", "description", "updated_at"];

/** Knex, which compiles and prepares for each call. */
export const knex: Peer = {
  name: "knex",
  open(path, synchronous) {
    const peer = createKnex({
      client: "better-sqlite3",
      connection: { filename: path },
      useNullAsDefault: true,
      pool: {
        min: 1,
        max: 1,
        afterCreate: (
          handle: { readonly pragma: (setting: string) => unknown },
          done: (error: Error | null, handle: unknown) => void,
        ) => {
          for (const setting of settings(synchronous)) handle.pragma(setting);
          done(null, handle);
        },
      },
    });
    return {
      pointRead: async (round) => peer("tasks").select(columns).where("id", keyOf(round)).first(),
      range: async (round) =>
        peer("tasks")
          .select(columns)
          .where("id", ">=", keyOf(round))
          .where("id", "<", keyOf(round) + rangeLength)
          .orderBy("id"),
      join: async (round) =>
        peer("tasks")
          .innerJoin("notes", "notes.task", "tasks.id")
          .select("tasks.id", "name", "number", "body")
          .where("tasks.id", ">=", keyOf(round))
          .where("tasks.id", "<", keyOf(round) + joinLength)
          .orderBy(["tasks.id", "number"]),
      insert: async (row) => peer("tasks").insert(row),
      bulk: async (rows) => peer.batchInsert("tasks", [...rows], chunkLength),
      close: () => peer.destroy(),
    };
  },
};
