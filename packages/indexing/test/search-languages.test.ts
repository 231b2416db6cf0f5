import {
  createIndexCoordinator,
  type IndexCoordinator,
  type SearchIndexDeclaration,
} from "@atlas/indexing";
import { defineTable, type NoValues, type RawRow } from "@atlas/storage";
import { describe, expect, it } from "vitest";
import { openTemporaryStore } from "./temporary-store.ts";

const page = defineTable("page", {
  columns: { id: { type: "text" }, title: { type: "text" }, body: { type: "text" } },
  primaryKey: ["id"],
});

/** Pages in several languages, and what finds them in an index of this declaration. */
async function searching(
  change: Partial<SearchIndexDeclaration>,
  check: (find: (text: string) => Promise<unknown[]>, indexes: IndexCoordinator) => Promise<void>,
): Promise<void> {
  await using store = await openTemporaryStore();
  const { transactions, database } = store;
  const { connection } = transactions;
  for (const sql of database.dialect.createTable(page)) await connection.execute(sql);
  const indexes = createIndexCoordinator({
    transactions,
    dialect: database.dialect,
    tables: [page],
    declarations: [
      {
        kind: "search",
        name: "page_text",
        table: "page",
        columns: { title: 5, body: 1 },
        ...change,
      },
    ],
  });
  await indexes.ensure();
  for (const [id, title, body] of [
    ["german", "Größenänderung", "Überprüfen der Straße"],
    ["french", "Déjà vu", "l'élève naïf, cœur"],
    ["vietnamese", "Tiếng Việt", "Đường phố"],
    ["greek", "Άνθρωπος", "Ελλάδα ΣΟΦΟΣ"],
    ["russian", "Всё ещё", "Ёлка МОСКВА"],
    ["turkish", "İstanbul", "ışık"],
    ["chinese", "东京都数据库", "事务引擎"],
    ["english", "Connections", "running the connected queries"],
  ]) {
    await connection.execute("INSERT INTO page (id, title, body) VALUES (?, ?, ?)", [
      id!,
      title!,
      body!,
    ]);
  }
  await check(async (text) => {
    const { sql, params } = indexes.search("page_text", text);
    const rows = await connection.all<RawRow, NoValues>({
      sql: `SELECT id FROM page WHERE ${sql} ORDER BY id`,
      params,
    });
    return rows.map(({ id }) => id);
  }, indexes);
  expect((await indexes.verify()).findings).toEqual([]);
}

describe("I1: full-text search in several languages", () => {
  it("takes no notice of case and accents, whole words and beginnings", async () => {
    await searching({}, async (find) => {
      expect(await find("GROSSENANDERUNG")).toEqual([]); // ß is a letter, not an accented one.
      expect(await find("größenanderung")).toEqual(["german"]);
      expect(await find("uberprufen")).toEqual(["german"]);
      expect(await find("deja VU")).toEqual(["french"]);
      expect(await find("eleve")).toEqual(["french"]);
      expect(await find("tieng viet")).toEqual(["vietnamese"]);
      expect(await find("ΆΝΘΡΩΠΟΣ σοφος")).toEqual(["greek"]);
      expect(await find("москва ёлка")).toEqual(["russian"]);
      expect(await find("istanbul")).toEqual(["turkish"]);
      // Accents are taken off Latin letters only, and letters such as œ and ı are letters.
      for (const text of ["ανθρωπος", "елка", "isik", "coeur"])
        expect(await find(text)).toEqual([]);
      expect(await find("connect*")).toEqual(["english"]);
      expect(await find("connect")).toEqual([]);
    });
  });

  it("a run of Chinese is one word, of which only the beginning is found", async () => {
    await searching({}, async (find) => {
      expect(await find("东京*")).toEqual(["chinese"]);
      expect(await find("数据库")).toEqual([]);
    });
  });

  it("an index for substrings finds three characters anywhere, and no fewer", async () => {
    await searching({ substring: true }, async (find) => {
      expect(await find("数据库")).toEqual(["chinese"]);
      expect(await find("necti")).toEqual(["english"]);
      expect(await find("ening")).toEqual([]);
      expect(await find('"the connected"')).toEqual(["english"]);
      expect(await find("NAIF eleve")).toEqual(["french"]);
      expect(await find("据库")).toEqual([]);
      expect(await find('* ab " OR (')).toEqual([]);
    });
  });

  it("a stem finds the other forms of an English word, only where it is declared", async () => {
    await searching({ stem: "english" }, async (find) => {
      expect(await find("connect")).toEqual(["english"]);
      expect(await find("run query")).toEqual(["english"]);
    });
  });

  it("prefixes that are declared find the same", async () => {
    await searching({ prefix: [2, 3] }, async (find, indexes) => {
      expect(await find("co*")).toEqual(["english"]);
      expect(await find("gro*")).toEqual(["german"]);
      expect(await indexes.count("page_text")).toBe(8);
    });
  });

  it.each([{ prefix: [3] }, { stem: "english" }, { substring: true }] as const)(
    "an index is made again when %o is added",
    async (change) => {
      await using store = await openTemporaryStore();
      const { transactions, database } = store;
      const { dialect } = database;
      for (const sql of dialect.createTable(page)) await transactions.connection.execute(sql);
      const plain: SearchIndexDeclaration = {
        kind: "search",
        name: "page_text",
        table: "page",
        columns: { title: 1 },
      };
      const options = { transactions, dialect, tables: [page] };
      await createIndexCoordinator({ ...options, declarations: [plain] }).ensure();
      const changed = createIndexCoordinator({
        ...options,
        declarations: [{ ...plain, ...change }],
      });

      expect((await changed.verify()).findings).toMatchObject([{ problem: "definition_differs" }]);
      expect((await changed.ensure()).replaced).toEqual(["page_text"]);
      expect((await changed.verify()).findings).toEqual([]);
    },
  );
});
