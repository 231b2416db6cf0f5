import {
  childCount,
  createIndexCoordinator,
  descendantCount,
  finishedDescendants,
  type IndexCoordinator,
  type IndexDeclaration,
  progress,
  type RowChange,
  sessionIndex,
  statusIndex,
  unfinishedChildren,
  unfinishedDependencies,
} from "@atlas/indexing";
import { defineTable, type RawRow } from "@atlas/storage";
import type { IndexStore } from "@atlas/indexing/testing";
import { describe, expect, it } from "vitest";
import { seededRandom } from "./fixtures/seeded-random.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const count = { type: "integer", default: 0 } as const;
const job = defineTable("job", {
  columns: {
    id: { type: "text" },
    parent: { type: "text", nullable: true },
    path: { type: "text", default: "" },
    status: { type: "text" },
    session: { type: "text", nullable: true },
    waiting: count,
    children: count,
    open_children: count,
    below: count,
    done_below: count,
    percent: { type: "integer", nullable: true },
  },
  primaryKey: ["id"],
});
const needs = defineTable("needs", {
  columns: { job: { type: "text" }, other: { type: "text" } },
  primaryKey: ["job", "other"],
  foreignKeys: [
    { columns: ["job"], table: "job", references: ["id"] },
    { columns: ["other"], table: "job", references: ["id"] },
  ],
});

const place = { table: "job", key: "id", parent: "parent" };
const ended = { status: "status", finished: ["done", "it's off"] };
const edges = { table: "needs", from: "job", to: "other" };
const declarations: readonly IndexDeclaration[] = [
  unfinishedDependencies({ ...place, ...ended, name: "job_waiting", column: "waiting", edges }),
  childCount({ ...place, name: "job_children", column: "children" }),
  unfinishedChildren({ ...place, ...ended, name: "job_open_children", column: "open_children" }),
  descendantCount({ ...place, name: "job_below", column: "below" }),
  finishedDescendants({ ...place, ...ended, name: "job_done_below", column: "done_below" }),
  progress({
    ...place,
    name: "job_percent",
    column: "percent",
    finished: "done_below",
    total: "below",
  }),
  { kind: "secondary", name: "needs_other", table: "needs", on: ["other", "job"] },
  { kind: "secondary", name: "job_parent", table: "job", on: ["parent"] },
];

async function openJobs(
  list = declarations,
): Promise<IndexStore & { readonly indexes: IndexCoordinator }> {
  const store = await openTemporaryStore();
  const { transactions, database } = store;
  for (const table of [job, needs]) {
    for (const sql of database.dialect.createTable(table))
      await transactions.connection.execute(sql);
  }
  const indexes = coordinate(store, list);
  await indexes.ensure();
  return { ...store, indexes, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

function coordinate(
  { transactions, database }: IndexStore,
  list: readonly IndexDeclaration[],
): IndexCoordinator {
  const { dialect } = database;
  return createIndexCoordinator({
    transactions,
    dialect,
    tables: [job, needs],
    declarations: list,
  });
}

describe("I2: columns that are declared by names", () => {
  // Goal: whatever is created, changed, moved and deleted, in batches of any mixture, each column
  // equals its expression at every commit, and the expression is what its name says. Method: seeded
  // random work, verify after each batch, and a model of arrays at the end.
  it.each([1, 2, 3])("are right after every batch of random changes (seed %i)", async (seed) => {
    await using store = await openJobs();
    const random = seededRandom(seed);
    const jobs: { id: string; parent: string | null; status: string }[] = [];
    const links = new Set<string>();
    const pick = () => jobs[Math.floor(random() * jobs.length)]!;

    for (let batch = 0; batch < 12; batch += 1) {
      await store.transactions.atomic(async (transaction) => {
        const changes: RowChange[] = [];
        for (let at = 0; at < 15; at += 1) {
          const dice = random();
          if (jobs.length < 5 || dice < 0.4) {
            const id = `j${batch}-${at}`;
            const parent = jobs.length > 0 && random() < 0.8 ? pick().id : null;
            const after = { id, parent, status: random() < 0.3 ? "done" : "open" };
            await transaction.execute("INSERT INTO job (id, parent, status) VALUES (?, ?, ?)", [
              id,
              parent,
              after.status,
            ]);
            jobs.push(after);
            changes.push({ table: "job", after: { ...after } });
          } else if (dice < 0.7) {
            const [from, to] = [pick().id, pick().id];
            if (from === to || links.has(`${from} ${to}`)) continue;
            links.add(`${from} ${to}`);
            await transaction.execute("INSERT INTO needs VALUES (?, ?)", [from, to]);
            changes.push({ table: "needs", after: { job: from, other: to } });
          } else {
            const row = pick();
            const before = { ...row };
            row.status = ["open", "done", "it's off"][Math.floor(random() * 3)]!;
            await transaction.execute("UPDATE job SET status = ? WHERE id = ?", [
              row.status,
              row.id,
            ]);
            changes.push({ table: "job", before, after: { ...row } });
          }
        }
        await store.indexes.batchUpdate(changes);
      });

      expect((await store.indexes.verify()).findings).toEqual([]);
    }
    const isDone = ({ status }: { status: string }): boolean => ended.finished.includes(status);
    const childrenOf = (id: string) => jobs.filter(({ parent }) => parent === id);
    const below = (id: string): typeof jobs =>
      childrenOf(id).flatMap((child) => [child, ...below(child.id)]);
    const { rows } = await store.transactions.connection.execute("SELECT * FROM job");
    expect(rows).toHaveLength(jobs.length);
    for (const row of rows) {
      const id = String(row["id"]);
      const [children, all] = [childrenOf(id), below(id)];
      const done = all.filter(isDone).length;
      expect(row).toMatchObject({
        waiting: jobs.filter((other) => links.has(`${id} ${other.id}`) && !isDone(other)).length,
        children: children.length,
        open_children: children.filter((child) => !isDone(child)).length,
        below: all.length,
        done_below: done,
        percent: all.length === 0 ? null : Math.floor((done * 100) / all.length),
      });
    }
  });

  // Goal: nothing is looked up for rows that were just created, where references prove that
  // nothing can depend on them. Method: a value that is wrong stays, unless it is looked at.
  it("a created row is not followed to rows that can only refer to it later", async () => {
    await using store = await openJobs();
    const { transactions, indexes } = store;
    await transactions.connection.execute("INSERT INTO job (id, status) VALUES ('a', 'open')");
    await transactions.connection.execute("INSERT INTO job (id, status) VALUES ('b', 'open')");
    await transactions.connection.execute("INSERT INTO needs VALUES ('a', 'b')");
    const after = { id: "b", parent: null, status: "open" };

    const created = await transactions.atomic(() => indexes.batchUpdate([{ table: "job", after }]));
    const edge = { table: "needs", after: { job: "a", other: "b" } };
    const linked = await transactions.atomic(() => indexes.batchUpdate([edge]));
    await transactions.connection.execute("UPDATE job SET status = 'done' WHERE id = 'b'");
    const ended = { table: "job", before: after, after: { ...after, status: "done" } };
    const finished = await transactions.atomic(() => indexes.batchUpdate([ended]));

    expect(created.filter(({ column }) => column === "waiting")).toEqual([]);
    for (const changes of [linked, finished]) {
      expect(changes).toMatchObject([{ column: "waiting", keys: ["a"] }]);
    }
  });

  it("count below by path, for whoever keeps the columns", async () => {
    const byPath = { ...place, path: "path" };
    const list = [
      descendantCount({ ...byPath, name: "job_below", column: "below" }),
      finishedDescendants({ ...byPath, ...ended, name: "job_done_below", column: "done_below" }),
    ];
    await using store = await openJobs(list);
    const { connection } = store.transactions;
    for (const [id, path, status, below, done] of [
      ["a", "a", "open", 2, 1],
      ["b", "a/b", "done", 1, 0],
      ["c", "a/b/c", "open", 0, 0],
      ["d", "a-b", "done", 0, 0],
    ] as const) {
      const sql = "INSERT INTO job (id, path, status, below, done_below) VALUES (?, ?, ?, ?, ?)";
      await connection.execute(sql, [id, path, status, below, done]);
    }

    expect((await store.indexes.verify()).findings).toEqual([]);
    expect(store.indexes.affects("job")).toBe(false);
    await connection.execute("UPDATE job SET done_below = 2 WHERE id = 'a'");
    expect((await store.indexes.verify()).findings).toMatchObject([
      { index: "job_done_below", key: "a", expected: 1, actual: 2 },
    ]);
  });

  it("say the same as the SQL that was written by hand, so nothing is made again", async () => {
    const byHand: IndexDeclaration = {
      kind: "maintained",
      name: "job_waiting",
      table: "job",
      column: "waiting",
      key: "id",
      expression: `SELECT count(*) FROM needs AS edge
        JOIN job AS other ON other.id = edge.other
        WHERE edge.job = self.id AND other.status NOT IN ('done', 'it''s off')`,
    };
    await using store = await openJobs([byHand]);
    const otherwise = {
      ...byHand,
      expression: byHand.expression.replace("it''s off", "it''s  off"),
    };

    expect((await coordinate(store, declarations.slice(0, 1)).ensure()).replaced).toEqual([]);
    expect((await coordinate(store, [otherwise]).ensure()).replaced).toEqual(["job_waiting"]);
  });
});

describe("I1: status and session indexes", () => {
  it("hold the rows that are asked for, and no others", async () => {
    const list = [
      statusIndex({ name: "job_status", table: "job", status: "status", orderBy: ["id"] }),
      statusIndex({ name: "job_open", table: "job", status: "status", only: ["open", "it's off"] }),
      sessionIndex({ name: "job_session", table: "job", session: "session", orderBy: ["id"] }),
    ];
    await using store = await openJobs(list);
    const { connection } = store.transactions;
    for (const [id, status, session] of [
      ["a", "open", "s1"],
      ["b", "done", null],
      ["c", "it's off", null],
    ] as const) {
      const sql = "INSERT INTO job (id, status, session) VALUES (?, ?, ?)";
      await connection.execute(sql, [id, status, session]);
    }
    const planOf = async (sql: string): Promise<string> => {
      const { rows } = await connection.execute(`EXPLAIN QUERY PLAN ${sql}`);
      return rows.map((row: RawRow) => String(row["detail"])).join();
    };

    expect(await Promise.all(list.map(({ name }) => store.indexes.count(name)))).toEqual([3, 2, 1]);
    expect((await store.indexes.verify()).findings).toEqual([]);
    expect(await planOf("SELECT * FROM job WHERE session = 's1' ORDER BY id")).toContain(
      "USING INDEX job_session",
    );
    expect(await planOf("SELECT * FROM job WHERE status = 'done' ORDER BY id")).toContain(
      "USING INDEX job_status",
    );
  });
});
