/** Recovery with parts over a real store: one of them is interrupted, one fails, and all are told. */
import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, type TransactionManager } from "@atlas/transaction";
import {
  recover,
  recoveryPartsMax,
  type Recoverable,
  type RecoveryEvent,
  type RecoveryFinding,
} from "@atlas/transaction/recovery";
import { describe, expect, test } from "vitest";

const nothing: RecoveryFinding = { rolledForward: 0, rolledBack: 0, resumed: 0, notes: [] };
const none = { waiting: 0, conflicts: 0 };
const part = (name: string, work: () => Promise<RecoveryFinding>): Recoverable => ({
  name,
  recover: work,
});

/** Work that is finished by removing its row; `interruptAfter` rows the process "ends". */
function leftovers(transactions: TransactionManager, interruptAfter = Infinity): Recoverable {
  const { connection } = transactions;
  const open = sqlQuery<{ id: number }>("SELECT id FROM leftovers ORDER BY id");
  const finish = sqlQuery<never, { id: number }>("DELETE FROM leftovers WHERE id = :id");
  return part("leftovers", async () => {
    let rolledForward = 0;
    for (const { id } of await connection.all(open)) {
      if (rolledForward === interruptAfter) throw new Error("the process ended");
      await connection.run(finish, { id });
      rolledForward += 1;
    }
    return { ...nothing, rolledForward, notes: [`${rolledForward} rows were left over.`] };
  });
}

describe("T5: recovery at start", () => {
  test("parts run one after the other in the order given, and the report adds them up", async () => {
    const order: string[] = [];
    const slow = part("journals", async () => {
      order.push("journals begins");
      await new Promise(setImmediate);
      order.push("journals ends");
      return { rolledForward: 2, rolledBack: 1, resumed: 0, notes: ["Two were decided."] };
    });
    const fast = part("sagas", async () => {
      order.push("sagas begins");
      return { rolledForward: 1, rolledBack: 0, resumed: 4, notes: [] };
    });

    const report = await recover([slow, fast]);

    expect(order).toEqual(["journals begins", "journals ends", "sagas begins"]);
    expect(report.ok).toBe(true);
    expect(report.parts.map(({ name }) => name)).toEqual(["journals", "sagas"]);
    expect(report.total).toEqual({
      ...none,
      rolledForward: 3,
      rolledBack: 1,
      resumed: 4,
      notes: ["journals: Two were decided."],
    });
  });

  test("what waits is no order, and what needs a person is counted", async () => {
    const files = part("files", async () => ({ ...nothing, waiting: 2, conflicts: 3 }));
    const settled = part("settled", async () => ({ ...nothing, conflicts: 1 }));

    const report = await recover([files, settled]);

    expect([report.ok, report.parts.every(({ ok }) => ok)]).toEqual([false, true]);
    expect(report.total).toMatchObject({ waiting: 2, conflicts: 4 });
    expect((await recover([settled])).ok).toBe(true);
  });

  test("a part that fails is reported and does not keep the others from running", async () => {
    const failure = new Error("no such device");
    const throwing = part("throws", () => {
      throw failure;
    });
    const rejecting = part("rejects", () => Promise.reject(failure));
    const fine = part("fine", async () => ({ ...nothing, resumed: 1 }));

    const report = await recover([throwing, rejecting, fine]);

    expect(report.ok).toBe(false);
    expect(report.parts.map(({ name, ok }) => [name, ok])).toEqual([
      ["throws", false],
      ["rejects", false],
      ["fine", true],
    ]);
    expect(report.parts[0]).toMatchObject({ error: failure });
    expect(report.total).toEqual({ ...none, ...nothing, resumed: 1 });
  });

  test("called again after an interruption it does what is left, and then nothing", async () => {
    await using store = await openTemporaryDatabase();
    await using transactions = await createTransactionManager(store.database);
    await transactions.connection.execute("CREATE TABLE leftovers (id INTEGER PRIMARY KEY) STRICT");
    await transactions.connection.execute("INSERT INTO leftovers VALUES (1), (2), (3)");

    const interrupted = await recover([leftovers(transactions, 1)]);
    const again = await recover([leftovers(transactions)]);
    const idle = await recover([leftovers(transactions)]);

    expect(interrupted.ok).toBe(false);
    expect(again.total.rolledForward).toBe(2);
    expect(idle).toMatchObject({ ok: true, total: { rolledForward: 0 } });
  });

  test("events tell the beginning, each part and the end, with times from the clock given", async () => {
    const events: RecoveryEvent[] = [];
    let now = 0;
    const report = await recover([part("a", async () => nothing)], {
      onEvent: (event) => events.push(event),
      monotonicClock: () => (now += 5),
    });

    expect(report.durationMs).toBe(15);
    expect(report.parts[0]?.durationMs).toBe(5);
    expect(events).toEqual([
      { type: "recovery.begin", parts: ["a"] },
      { type: "recovery.part", part: report.parts[0] },
      { type: "recovery.end", report },
    ]);
  });

  test("an observer that throws does not keep the store from starting", async () => {
    const report = await recover([part("a", async () => nothing)], {
      onEvent: () => {
        throw new Error("the observer is broken");
      },
    });
    expect(report.ok).toBe(true);
  });

  test("without parts there is nothing to do", async () => {
    expect(await recover([])).toMatchObject({ ok: true, parts: [], total: nothing });
  });

  test("two parts of one name, too many parts and misspelt options are refused before any part runs", async () => {
    let ran = 0;
    const one = (name: string): Recoverable => part(name, async () => ((ran += 1), nothing));
    const many = (count: number) => Array.from({ length: count }, (_, index) => one(`p${index}`));
    const misspelt = { monotonicClock: () => 0, onevent: () => undefined };

    const invalid = { code: "transaction.invalid_option" };
    await expect(recover([one("a"), one("b"), one("a")])).rejects.toMatchObject(invalid);
    await expect(recover(many(recoveryPartsMax + 1))).rejects.toMatchObject(invalid);
    await expect(recover([one("a")], misspelt)).rejects.toMatchObject(invalid);
    expect(ran).toBe(0);
    expect((await recover(many(recoveryPartsMax))).ok).toBe(true);
  });
});
