import { sqlQuery, type Writer, type WriterLease } from "@atlas/storage";
import { openSqlite, type SqliteStore } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test, vi } from "vitest";
import { TransactionVerbs } from "../src/sqlite/transaction-verbs.ts";

const schema = [
  "create table a (id integer primary key, name text unique, n integer, data blob) strict",
  "create table log (a integer, what text, at integer default (random() % 1000000)) strict",
  "create trigger a_added after insert on a begin insert into log (a, what) values (new.id, 'i'); end",
  "create table b (id integer primary key, name text, n integer) strict",
  "create table counted (name text primary key, n integer) strict, without rowid",
  "create trigger b_added after insert on b begin insert into counted values (new.name, 1) " +
    "on conflict (name) do update set n = n + 1; end",
  "create table parent (id integer primary key) strict",
  "create table child (id integer primary key, parent integer references parent on delete cascade) strict",
  "create virtual table words using fts5(text)",
];
const tables = ["a", "log", "b", "counted", "parent", "child", "words"];

const insertB = sqlQuery<never, { name: string; n: number }>(
  "insert into b (name, n) values (:name, :n)",
);
const insertA = sqlQuery<never, { name: string; data: Uint8Array | null }>(
  "insert into a (name, data) values (:name, :data)",
);
const insertPlain = sqlQuery<never, { name: string; data: Uint8Array | null }>(
  "insert into counted select :name, coalesce(length(:data), 0)",
);
const updateB = sqlQuery<never, { from: number; to: number }>(
  "update b set n = n + 1 where id between :from and :to",
);
const deleteB = sqlQuery<never, { n: number }>("delete from b where n % 7 = :n");
const returning = sqlQuery<{ id: number }, { n: number }>(
  "insert into b (name, n) values ('returned', :n) returning id",
);
const addParent = sqlQuery<never, { id: number }>("insert or ignore into parent values (:id)");
const addChild = sqlQuery<never, { parent: number }>(
  "insert into child (parent) select id from parent where id = :parent",
);
const removeParent = sqlQuery<never, { id: number }>("delete from parent where id = :id");
const addWords = sqlQuery<never, { text: string }>("insert into words values (:text)");
const atTime = sqlQuery<never>("insert into b (name, n) values ('t', unixepoch('subsec') * 1e6)");
const orFail = sqlQuery<never>(
  "insert or fail into a (name) values ('f' || (select count(*) from a)), ('same')",
);

interface Setup extends AsyncDisposable {
  readonly store: SqliteStore;
  readonly lease: WriterLease;
  readonly writer: Writer;
  /** Everything that stands in the tables now. */
  readonly dump: () => Promise<unknown>;
}

async function open(): Promise<Setup> {
  const directory = temporaryDirectory();
  const store = await openSqlite(directory.file("steps.db"));
  for (const text of schema) await store.write((connection) => connection.execute(text));
  const lease = await store.unsafeTakeWriter();
  const { writer } = lease;
  return {
    store,
    lease,
    writer,
    dump: async () => {
      const all: unknown[] = [];
      for (const table of [...tables, "sqlite_schema"]) {
        const { rows } = await writer.execute(`select * from ${table}`);
        all.push([table, rows.map((row) => JSON.stringify(row)).toSorted()]);
      }
      return all;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      directory[Symbol.dispose]();
    },
  };
}

/** Numbers below `below`, the same for the same seed (Park and Miller, CACM 31(10), 1988). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** Anything a step may do; it may fail, which its body may or may not notice. */
function actions(writer: Writer, next: (below: number) => number): (() => Promise<unknown>)[] {
  const { sync } = writer;
  if (sync === undefined) throw new Error("The driver of these tests is embedded.");
  const data = new Uint8Array([1, 2, 3]);
  return [
    async () => sync.run(insertB, { name: `n${next(5)}`, n: next(100) }),
    async () => sync.run(insertB, { name: `n${next(5)}`, n: next(100) }),
    async () => sync.run(updateB, { from: next(20), to: next(40) }),
    async () => sync.run(deleteB, { n: next(7) }),
    async () => sync.run(insertA, { name: `a${next(30)}`, data: null }),
    async () => {
      sync.run(insertPlain, { name: `p${next(1_000)}`, data });
      data.fill(next(256));
    },
    async () => sync.run(addParent, { id: next(5) }),
    async () => sync.run(addChild, { parent: next(5) }),
    async () => sync.run(removeParent, { id: next(5) }),
    async () => sync.run(addWords, { text: `word${next(9)} again` }),
    async () => sync.run(atTime),
    async () => sync.run(orFail),
    async () => sync.all(returning, { n: next(9) }),
    async () =>
      sync.runMany(
        insertB,
        Array.from({ length: next(40) }, () => ({ name: "m", n: next(9) })),
      ),
    async () => sync.execute("update b set name = upper(name) where id = ?", [next(30)]),
    async () => sync.execute("create table if not exists extra (x)"),
    async () => {
      await writer.savepoint("own");
      sync.run(insertB, { name: "inside", n: 1 });
      await (next(2) === 0 ? writer.release("own") : writer.rollbackTo("own"));
    },
  ];
}

describe("T1: steps of a transaction", () => {
  test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    "undoing one gives back exactly what was there when it began (seed %i)",
    async (seed) => {
      await using setup = await open();
      const { writer, dump } = setup;
      const next = randomNumbers(seed);
      const possible = actions(writer, next);
      // Some runs are of simple steps only, so that many share a savepoint.
      const kinds = seed % 2 === 0 ? possible.length : 5;
      for (let transaction = 0; transaction < 3; transaction += 1) {
        await writer.tryBegin();
        for (let step = 0; step < 60; step += 1) {
          if (step > 0) await writer.beginStep();
          const before = await dump();
          for (let count = next(4); count > 0; count -= 1)
            await possible[next(kinds)]!().catch(() => undefined);
          if (step === 0 || next(6) > 0) {
            await writer.keepStep();
            continue;
          }
          await writer.undoStep();
          expect(await dump()).toEqual(before);
        }
        const last = await dump();
        await writer.execute("insert into words (words) values ('integrity-check')");
        await writer.commit();
        expect(await dump()).toEqual(last);
      }
    },
  );

  /** Savepoints that the steps of one transaction set, after one for what came first. */
  async function savepointsOf(
    steps: readonly ((writer: Writer) => unknown)[],
    undone: readonly number[] = [],
  ): Promise<number> {
    await using setup = await open();
    const { writer } = setup;
    await writer.tryBegin();
    await writer.run(insertB, { name: "first", n: 0 });
    const set = vi.spyOn(TransactionVerbs.prototype, "savepoint");
    for (const [index, step] of steps.entries()) {
      await writer.beginStep();
      await step(writer);
      await (undone.includes(index) ? writer.undoStep() : writer.keepStep());
    }
    await writer.rollback();
    const count = set.mock.calls.filter(([name]) => name === "step").length;
    set.mockRestore();
    return count;
  }

  const small = (writer: Writer): Promise<unknown> => writer.run(insertB, { name: "s", n: 1 });
  const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

  test("small ones share a savepoint, a bounded number of changes each", async () => {
    expect(await savepointsOf(times(100, small))).toBe(1);
    expect(await savepointsOf(times(300, small))).toBe(3);
  });

  test("one that changes nothing costs nothing when it is undone", async () => {
    const reads = (writer: Writer): unknown => writer.execute("select count(*) from b");

    expect(await savepointsOf([small, reads, small, small], [1])).toBe(1);
  });

  test("after one that was undone each of the next has its own, and later they share again", async () => {
    expect(await savepointsOf(times(10, small), [5])).toBe(5);
    expect(await savepointsOf(times(100, small), [5])).toBeLessThan(70);
  });

  test.each<[string, (writer: Writer) => unknown]>([
    ["whose trigger asks for a random number", (w) => w.run(insertA, { name: "r", data: null })],
    ["that asks for the time", (w) => w.run(atTime)],
    ["of many rows", (w) => w.runMany(insertB, [{ name: "m", n: 1 }])],
    ["that returns rows", (w) => w.all(returning, { n: 1 })],
    [
      "with a value that can be changed",
      (w) => w.run(insertPlain, { name: "p", data: new Uint8Array(1) }),
    ],
    ["that has failed", (w) => w.execute("insert into b (id) values (1), (1)").catch(() => 0)],
    ["with a savepoint of its own", (w) => w.savepoint("own")],
    ["that is a setting", (w) => w.execute("pragma user_version = 3")],
  ])("one %s is followed by a savepoint, once", async (_, step) => {
    expect(await savepointsOf([small, small, step, small, small])).toBe(2);
  });

  test("after a change of the schema every step has its own: what statements do is not known", async () => {
    const create = (writer: Writer): Promise<unknown> => writer.execute("create table extra (x)");

    expect(await savepointsOf([small, small, create, small, small])).toBe(3);
    const hidden = async (writer: Writer): Promise<void> => {
      await writer.runMany(insertB, [{ name: "m", n: 1 }]);
      await create(writer);
    };
    expect(await savepointsOf([small, small, hidden, small, small])).toBe(3);
  });

  test("a trigger that another process added is known when the next transaction begins", async () => {
    await using setup = await open();
    const { writer, dump, store } = setup;
    const insert = async (kept: boolean): Promise<void> => {
      await writer.beginStep();
      await writer.run(insertB, { name: "x", n: 1 });
      if (!kept) await writer.undoStep();
    };
    await writer.tryBegin();
    await insert(true);
    await writer.commit();
    const other = new Driver(store.location);
    other.exec(
      "create trigger late after insert on b begin insert into log values (1, 'b', random() % 1000000); end",
    );
    other.close();

    await writer.tryBegin();
    await insert(true);
    const before = await dump();
    await insert(false);

    expect(await dump()).toEqual(before);
    await writer.rollback();
  });

  test("one that cannot be given back is an error, and the transaction can be rolled back", async () => {
    await using setup = await open();
    const { writer } = setup;
    await writer.tryBegin();
    // With the highest possible row number SQLite draws the next one.
    await writer.execute("insert into b values (9223372036854775807, 'last', 1)");
    await writer.beginStep();
    await writer.run(insertB, { name: "drawn", n: 1 });
    await writer.beginStep();
    await writer.run(insertB, { name: "undone", n: 1 });

    expect(() => writer.undoStep()).toThrow(
      expect.objectContaining({ code: "storage.step_not_restored", retryable: true }),
    );
    await writer.rollback();
    expect((await writer.execute("select count(*) as n from b")).rows).toEqual([{ n: 0 }]);
  });
});
