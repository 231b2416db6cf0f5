import { AtlasError } from "@atlas/errors";
import { defineSaga, sagaStepsMax } from "@atlas/transaction/sagas";
import { describe, expect, test } from "vitest";
import { add, failing, openStore, stepOf } from "./saga-store.ts";

describe("T8: what is refused", () => {
  test("declarations that cannot be meant", () => {
    const step = stepOf<null>("a");
    for (const steps of [
      [],
      [step, step],
      [{ name: "nothing" }],
      [stepOf<null>("a/b")],
      Array.from({ length: sagaStepsMax + 1 }, (_, at) => stepOf<null>(`s${at}`)),
    ])
      expect(() => defineSaga({ name: "order", steps })).toThrow(AtlasError);
    expect(() => defineSaga({ name: "", steps: [step] })).toThrow(/1 to 200 characters/);
    expect(() =>
      defineSaga({ name: "order", steps: [stepOf<null>("a", { retry: { attemptsMax: 0 } })] }),
    ).toThrow(/attemptsMax/);
  });

  test("sagas that are unknown, changed, started inside a transaction, or after the end", async () => {
    await using store = await openStore();
    const order = defineSaga<null>({ name: "order", steps: [stepOf("a")] });
    const runner = await store.runner([order]);
    const start = { key: "o1", input: null };

    await expect(store.runner([order, order])).rejects.toMatchObject({
      code: "transaction.saga_invalid",
    });
    const other = defineSaga<null>({ name: "other", steps: [stepOf("a")] });
    await expect(runner.start(other, start)).rejects.toMatchObject({
      code: "transaction.saga_invalid",
    });
    await expect(runner.start(order, { ...start, key: "" })).rejects.toMatchObject({
      code: "transaction.saga_invalid",
    });
    await expect(store.transactions.atomic(() => runner.start(order, start))).rejects.toMatchObject(
      { code: "transaction.would_deadlock" },
    );
    await expect(
      runner.resolve("none", { action: "skip", by: "ann", note: "?" }),
    ).rejects.toMatchObject({ code: "transaction.saga_unknown" });
    expect(await runner.get("none")).toBeUndefined();
    await runner.close();
    await runner.close();
    await expect(runner.start(order, start)).rejects.toMatchObject({
      code: "transaction.manager_closed",
    });
  });

  test("results that JSON would lose fail the step with its effects", async () => {
    await using store = await openStore();
    const order = defineSaga({
      name: "order",
      steps: [
        stepOf("dated", {
          run: async (transaction) => {
            await add(transaction, "dated");
            return new Date(0) as never;
          },
        }),
      ],
    });
    await using runner = await store.runner([order]);

    expect(await runner.start(order, { key: "o1", input: null })).toMatchObject({
      status: "compensated",
      failure: { code: "transaction.invalid_option" },
    });
    expect(await store.effects()).toEqual([]);
  });

  test("lists are filtered and paged, and what has ended is pruned", async () => {
    await using store = await openStore();
    const order = defineSaga<null>({ name: "order", steps: [stepOf("a")] });
    const broken = defineSaga<null>({
      name: "broken",
      steps: [stepOf("b", { run: failing(9), retry: { attemptsMax: 1 } })],
    });
    await using runner = await store.runner([order, broken]);
    for (const key of ["k1", "k2"]) {
      await runner.start(order, { key, input: null });
      await runner.start(broken, { key, input: null });
    }

    const all = await runner.list();
    expect(all).toHaveLength(4);
    expect(await runner.list({ name: "broken", status: "compensated" })).toHaveLength(2);
    expect(await runner.list({ after: all[2]!.id, limit: 1 })).toEqual([all[3]]);
    const last = Math.max(...all.map(({ updatedAt }) => updatedAt));
    expect(await runner.prune(last)).toBe(3);
    const [left] = await runner.list();
    expect(left?.updatedAt).toBe(last);
    expect(await runner.history(all.find(({ id }) => id !== left?.id)!.id)).toEqual([]);
  });

  test("a step can have any name, and the next one sees its result", async () => {
    await using store = await openStore();
    let seen: unknown;
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("__proto__", { run: () => "result" }),
        stepOf("next", {
          run: (_, { results }) => {
            seen = Object.entries(results);
            return null;
          },
        }),
      ],
    });
    await using runner = await store.runner([order]);

    await runner.start(order, { key: "o1", input: null });

    expect(seen).toEqual([["__proto__", "result"]]);
  });
});
