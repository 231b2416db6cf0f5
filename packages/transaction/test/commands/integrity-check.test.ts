import { type Dialect, sqlQuery } from "@atlas/storage";
import { executeAtomicOperation } from "@atlas/transaction/commands";
import { describe, expect, test } from "vitest";
import { insertPoints, openStore } from "./operation-store.ts";

describe("T6: the integrity check of an operation", () => {
  test("it sees what the operation is about to commit", async () => {
    await using store = await openStore();
    const { transactions, dialect, failureLog } = store;
    await transactions.connection.execute(
      "CREATE TABLE notes (point TEXT REFERENCES points DEFERRABLE INITIALLY DEFERRED)",
    );

    const refused = executeAtomicOperation(
      transactions,
      {
        name: "Orphan",
        execute: (tx) => tx.execute("INSERT INTO notes VALUES ('nobody')"),
        validationRules: { dataIntegrityCheck: true },
      },
      { dialect, failureLog },
    );

    await expect(refused).rejects.toThrow(
      /1 rows of "notes" refer to rows of "points" that do not/,
    );
    const damaged = executeAtomicOperation(
      transactions,
      { name: "Damaged", execute: () => 1, validationRules: { dataIntegrityCheck: true } },
      { integrityCheck: async () => ["Page 7 is damaged."] },
    );
    await expect(damaged).rejects.toThrow(/Page 7 is damaged/);
  });

  test("another store answers in its own way", async () => {
    await using store = await openStore();
    const damage = sqlQuery<{ damage: string }>(
      "SELECT name || ' is damaged.' AS damage FROM points",
    );
    const dialect: Dialect = { ...store.dialect, integrityCheck: () => [damage] };

    const refused = executeAtomicOperation(
      store.transactions,
      {
        name: "Add",
        execute: (tx) => insertPoints(tx, "a", "b"),
        validationRules: { dataIntegrityCheck: true },
      },
      { dialect },
    );

    await expect(refused).rejects.toThrow(/dataIntegrityCheck: a is damaged\. .*: b is damaged\./);
    expect(await store.count()).toBe(0);
  });

  test.each([
    ["cannot look", true, /Elsewhere has no way to look for damage/],
    ["is not named", false, /nothing says how the store is checked/],
  ])(
    "where the store %s, a check that is asked for is refused before anything runs",
    async (...[, named, message]) => {
      await using store = await openStore();
      const dialect = { ...store.dialect, name: "Elsewhere", integrityCheck: () => undefined };
      let ran = false;

      const refused = executeAtomicOperation(
        store.transactions,
        {
          name: "Never",
          execute: () => (ran = true),
          validationRules: { dataIntegrityCheck: true },
        },
        named ? { dialect } : {},
      );

      await expect(refused).rejects.toMatchObject({
        code: "transaction.check_unsupported",
        message: expect.stringMatching(message) as string,
      });
      expect(ran).toBe(false);
      const unasked = { name: "Unasked", execute: () => 1 };
      expect((await executeAtomicOperation(store.transactions, unasked, { dialect })).result).toBe(
        1,
      );
    },
  );
});
