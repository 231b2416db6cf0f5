import { from, insertInto, param, sqlQuery, updateTable, upsert } from "@atlas/storage";
import type { TemporaryDatabase } from "@atlas/storage/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLibrary } from "../fixtures/queries-library.ts";
import { notes, tasks } from "../fixtures/schema.ts";

let library: TemporaryDatabase;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library[Symbol.asyncDispose]());

const insert = insertInto(tasks).columns("id", "name", "done", "tags").build();
const insertNote = insertInto(notes).columns("task", "body").build();
const row = (id: string) => ({ id, name: id, done: id.length > 2, tags: [id] });
const idsOf = async (): Promise<string[]> => {
  const rows = await library.database.all(from(tasks).select("id").orderBy("id").build());
  return rows.map(({ id }) => id).filter((id) => !/^(?:root|left|right|leaf|lone)$/.test(id));
};

describe("D1: one statement for many rows", () => {
  test("rows of any number arrive as they are, in order, and are counted exactly", async () => {
    const { database } = library;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 70 }), fc.boolean(), async (length, once) => {
        const bodies = Array.from({ length }, (_, n) => `${n}'"\0ü`);
        const rows = bodies.map((body) => ({ task: "lone", body }));
        const { changes, found } = await database.write(async (connection) => {
          await connection.execute("delete from notes");
          const result = await connection.runMany(insertNote, once ? rows.values() : rows);
          const all = from(notes).select("body").orderBy("seq").build();
          return { ...result, found: await connection.all(all) };
        });

        expect(changes).toBe(length);
        expect(found.map(({ body }) => body)).toEqual(bodies);
      }),
      { numRuns: 60 },
    );
  });

  test("booleans and json are mapped in every row", async () => {
    const { database } = library;
    const rows = Array.from({ length: 40 }, (_, n) => row(`t${n}`));
    await database.write((connection) => connection.runMany(insert, rows));

    const query = from(tasks).select("id", "name", "done", "tags").where("id", "like", "t%");
    const found = await database.all(query.build());
    expect(found.toSorted(byId)).toEqual(rows.toSorted(byId));
  });

  test.each([1, 2, 15, 16, 17, 40])(
    "of %i rows none is kept when the last one fails, even if the caller goes on",
    async (length) => {
      const rows = Array.from({ length }, (_, n) => row(`t${n}`));
      await library.database.write(async (connection) => {
        await connection.run(insert, row("before"));
        await expect(connection.runMany(insert, [...rows, row("root")])).rejects.toMatchObject({
          code: "storage.constraint",
          details: { constraint: { kind: "unique" } },
        });
        await connection.run(insert, row("after"));
      });

      expect(await idsOf()).toEqual(["after", "before"]);
    },
  );

  test("none is kept when the list breaks off or a value is missing", async () => {
    function* broken(): Generator<ReturnType<typeof row>> {
      for (let n = 0; n < 20; n += 1) yield row(`t${n}`);
      throw new Error("no more");
    }
    const missing = [...Array.from({ length: 20 }, (_, n) => row(`t${n}`)), { id: "x" } as never];
    await library.database.write(async (connection) => {
      await expect(connection.runMany(insert, broken())).rejects.toThrow("no more");
      await expect(connection.runMany(insert, missing)).rejects.toMatchObject({
        code: "storage.value_missing",
      });
    });

    expect(await idsOf()).toEqual([]);
  });

  test("rows that are there already are counted as what happened to them", async () => {
    const ignoring = insertInto(tasks).columns("id", "name").ignoreConflicts().build();
    const merging = upsert(tasks).columns("id", "name").build();
    const rows = Array.from({ length: 20 }, (_, n) => ({ id: `t${n % 10}`, name: `${n}` }));

    const counts = await library.database.write(async (connection) => [
      await connection.runMany(ignoring, rows),
      await connection.runMany(merging, rows),
    ]);

    expect(counts).toEqual([{ changes: 10 }, { changes: 20 }]);
    const names = from(tasks).select("name").where("id", "eq", "t3").build();
    expect(await library.database.get(names)).toEqual({ name: "13" });
  });

  test("updates and SQL text run row by row, all or none as well", async () => {
    const { database } = library;
    const rename = updateTable(tasks)
      .set({ name: param("name") })
      .where("id", "eq", param("id"))
      .returning("id")
      .build();
    const check = sqlQuery<never, { id: string; n: number | null }>(
      "update tasks set priority = :n where id = :id",
    );
    const rows = [
      { id: "root", name: "a" },
      { id: "left", name: "b" },
      { id: "nobody", name: "c" },
    ];
    await database.write(async (connection) => {
      expect(await connection.runMany(rename, rows)).toEqual({ changes: 2 });
      const failing = [
        { id: "root", n: 9 },
        { id: "left", n: null },
      ];
      await expect(connection.runMany(check, failing)).rejects.toMatchObject({
        code: "storage.constraint",
      });
    });

    const query = from(tasks).select("name", "priority").where("id", "in", ["root", "left"]);
    expect(await database.all(query.orderBy("id", "desc").build())).toEqual([
      { name: "a", priority: 1 },
      { name: "b", priority: 2 },
    ]);
  });
});

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
