import { openEngine } from "@atlas/engine";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { type Library, openLibrary } from "../src/testing/library-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

/** A library with two books on one shelf. */
async function fill(): Promise<Library> {
  const library = await openLibrary({ openEngine, openStore: openTemporaryStore });
  await library.shelves.save({ id: "s", name: "Maps" });
  await library.books.saveMany([
    { id: "a", title: "Atlas", shelf_id: "s" },
    { id: "b", title: "Biography", shelf_id: "s" },
  ]);
  return library;
}

describe("I3: verify and rebuild of a whole store", () => {
  it("finds nothing in a store that is sound", async () => {
    await using library = await fill();

    expect(await library.engine.verify()).toEqual({
      ok: true,
      findings: [],
      truncated: false,
      indexes: 4,
      records: 3,
    });
  });

  it("finds records that their schema refuses, without telling what is in them", async () => {
    await using library = await fill();
    await library.engine.connection.execute(
      "UPDATE book SET pages = -1, title = '' WHERE id = 'b'",
    );

    const { findings } = await library.engine.verify();

    expect(findings).toEqual([
      {
        source: "record",
        collection: "book",
        key: "b",
        issues: [
          { code: "schema.too_small", path: "title" },
          { code: "schema.too_small", path: "pages" },
        ],
      },
    ]);
  });

  it("finds records that cannot even be read", async () => {
    await using library = await fill();
    const handle = new Database(library.database.location);
    handle.pragma("ignore_check_constraints = ON");
    handle.exec("UPDATE book SET tags = '[' WHERE id = 'a'");
    handle.close();

    const { findings } = await library.engine.verify();

    expect(findings).toEqual([
      {
        source: "record",
        collection: "book",
        key: "a",
        issues: [{ code: "storage.row_invalid", path: "tags" }],
      },
    ]);
  });

  it("finds maintained columns and indexes that are wrong, and rebuild repairs them", async () => {
    await using library = await fill();
    await library.engine.connection.execute("UPDATE shelf SET books = 9");
    await library.engine.connection.execute("DROP INDEX book_shelf");

    const { findings } = await library.engine.verify();
    const report = await library.engine.rebuild();

    expect(findings).toMatchObject([
      { source: "index", finding: { index: "book_shelf", problem: "missing" } },
      {
        source: "index",
        finding: { index: "shelf_books", key: "s", expected: 2, actual: 9 },
      },
    ]);
    expect(report.repairedRows).toBe(1);
    expect((await library.engine.verify()).ok).toBe(true);
  });

  it("asks whoever knows the file, keeps a bounded number of findings and can be stopped", async () => {
    await using library = await fill();
    const { database, transactions } = library;
    const engine = await openEngine({
      database,
      transactions,
      collections: [],
      checkStorage: () => Promise.resolve(["page 7 is torn", "page 9 is torn"]),
    });

    expect(await engine.verify({ findingsMax: 1 })).toMatchObject({
      ok: false,
      truncated: true,
      findings: [{ source: "storage", problem: "page 7 is torn" }],
      // What is read from a damaged file says nothing.
      indexes: 0,
      records: 0,
    });
    await expect(library.engine.verify({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  });

  it("walks through more records than one page holds, whatever the key", async () => {
    await using library = await fill();
    const pairs = Array.from({ length: 1_203 }, (_, at) => ({
      from_id: `${at % 7}`,
      to_id: `${at}`,
    }));
    await library.references.saveMany(pairs);

    expect(await library.engine.verify()).toMatchObject({ ok: true, records: 1_206 });
  });
});
