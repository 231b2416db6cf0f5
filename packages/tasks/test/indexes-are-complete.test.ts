import { openEngine } from "@atlas/engine";
import { type Database } from "@atlas/storage";
import { createQueryLog, type QueryLog } from "@atlas/storage/optimizer";
import { createFileManager, createQueryOptimizer, openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { createTaskManager, taskCollections, type NewTask, type TaskManager } from "@atlas/tasks";
import { createTransactionManager } from "@atlas/transaction";
import { describe, expect, test } from "vitest";

const minuteMs = 60_000;
const priorities = ["low", "medium", "high", "critical"] as const;

// Goal: the indexes of the task manager are those its statements need, no fewer. Agents work
// through plans for a while, every statement is logged, and the optimizer looks for indexes that
// would make the log cheaper: first beside those that are declared, then without them.
describe("D2 K5: the indexes of the task manager", { timeout: 120_000 }, () => {
  test("are complete for what agents do; without them they are found again", async () => {
    using directory = temporaryDirectory();
    const queryLog = createQueryLog();
    await using store = await openTemporaryDatabase({ queryLog });
    await workOn(store.database, queryLog);
    using optimizer = createQueryOptimizer(store.database);
    await optimizer.maintain();
    expect(queryLog.entries().length).toBeGreaterThan(40);

    const declared = await optimizer.suggestIndexes(queryLog);

    expect(declared.statistics).toBe("analyzed");
    expect(declared.create.map(({ sql }) => sql)).toEqual([]);

    await createFileManager().backup(store.database, directory.file("bare.db"));
    await using bare = await openSqlite(directory.file("bare.db"));
    await dropIndexes(bare);
    using bareOptimizer = createQueryOptimizer(bare);
    const found = await bareOptimizer.suggestIndexes(queryLog);

    // What they cost to write counts as well, so all in all they are no worse than the declared.
    expect(found.costBefore).toBeGreaterThan(5 * declared.costBefore);
    expect(found.costAfter).toBeLessThan(1.02 * declared.costBefore);
    const tables = found.create.map(({ definition }) => definition.table);
    expect(new Set(tables)).toEqual(new Set(["atlas_change", "tasks", "task_dependencies"]));

    await bare.write(async (connection) => {
      for (const { sql } of found.create) await connection.execute(sql);
      await connection.execute("ANALYZE");
    });
    for (const { sql } of queryLog.entries()) {
      const text = sql.replace(/INDEXED BY \w+/, "");
      if (!/^\s*(SELECT|WITH)/.test(text)) continue;
      const { total } = await optimizer.estimateCost(text);
      // An index without a condition has longer ways: a twentieth is allowed for that.
      const again = (await bareOptimizer.estimateCost(text)).total;
      expect({ text, again }).toEqual({ text, again: Math.min(again, total * 1.05) });
    }
  });
});

/** Two agents work through eight plans of 200 tasks, while others look, plan and clean up. */
async function workOn(database: Database, queryLog: QueryLog): Promise<void> {
  const transactions = await createTransactionManager(database, { durability: "relaxed" });
  let now = Date.UTC(2030, 0, 1);
  const clock = (): number => now;
  const engine = await openEngine({ database, transactions, collections: taskCollections, clock });
  const tasks = createTaskManager(engine, { clock });
  for (let plan = 0; plan < 8; plan += 1) await tasks.create(planned(plan), { actor: "planner" });
  queryLog.reset();
  for (let turn = 0; turn < 60; turn += 1) {
    await takeTurn(tasks, turn);
    now += minuteMs;
  }
  await engine.close();
  await transactions.close();
}

function planned(plan: number): readonly NewTask[] {
  const group: NewTask = { name: `plan ${plan}`, path: `p${plan}`, type: "group" };
  const steps = Array.from({ length: 200 }, (_, at): NewTask => ({
    name: `step ${at}`,
    path: `p${plan}/t${at}`,
    tags: [`tag${at % 7}`],
    priority: priorities[at % 4]!,
    ...(at % 5 === 4 ? { dependencies: [`p${plan}/t${at - 1}`] } : {}),
    ...(at % 60 === 7 ? { assignee: "bob" } : {}),
  }));
  return [group, ...steps];
}

async function takeTurn(tasks: TaskManager, turn: number): Promise<void> {
  const actor = { actor: turn % 4 === 0 ? "bob" : "ann" };
  const plan = `p${turn % 8}`;
  const narrowed = {
    ...(turn % 3 === 0 ? { under: plan } : {}),
    ...(turn % 5 === 0 ? { tags: ["tag1"] } : {}),
  };
  await tasks.next({ count: 5 });
  const [task] = await tasks.claimNext({ count: 1, ...narrowed }, actor);
  if (task !== undefined) {
    const lease = task.lease?.token ?? 0;
    const note = { kind: "progress", text: "Done as planned" } as const;
    await tasks.renew([{ task: task.id, lease }]);
    await tasks.update([{ task: task.id, status: "completed", lease, addNotes: [note] }], actor);
    await tasks.history(task.id);
    await tasks.get([task.id]);
  }
  await look(tasks, plan);
  await plant(tasks, turn);
}

async function look(tasks: TaskManager, plan: string): Promise<void> {
  await tasks.list({ under: plan });
  await tasks.list({ parent: plan });
  await tasks.list({ status: ["pending"] }, { order: "priority" });
  await tasks.list({ status: ["in_progress"] });
  await tasks.list({ assignee: "bob" }, { order: "updated" });
  await tasks.list({ tags: ["tag2"] });
  await tasks.list({}, { order: "updated", limit: 5 });
  await tasks.statistics();
}

async function plant(tasks: TaskManager, turn: number): Promise<void> {
  const plan = `p${turn % 8}`;
  const ann = { actor: "ann" };
  const added: NewTask = { name: "added", parent: plan, dependencies: [`${plan}/t10`] };
  await tasks.create([added], ann);
  const rare = Math.floor(turn / 10);
  if (turn % 10 === 0) await tasks.delete([`${plan}/t${150 + rare}`], ann, "orphan");
  if (turn % 10 === 1) {
    const record = { name: `record ${turn}`, externalId: `e${turn}` };
    await tasks.import([record], ann, { source: "tracker", into: "p1" });
  }
  if (turn % 10 === 2) {
    await tasks.update([{ task: `${plan}/t${170 + rare}`, parent: `p${(turn + 1) % 8}` }], ann);
  }
}

async function dropIndexes(database: Database): Promise<void> {
  const indexes = await database.all<{ name: string }, Record<never, never>>({
    sql:
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL " +
      "AND sql NOT LIKE 'CREATE UNIQUE%'",
    params: [],
  });
  expect(indexes.length).toBeGreaterThan(10);
  await database.write(async (connection) => {
    for (const { name } of indexes) await connection.execute(`DROP INDEX "${name}"`);
  });
}
