import { defineSaga, nestSaga } from "@atlas/transaction/sagas";
import { describe, expect, test } from "vitest";
import { failing, openStore, stepOf } from "./saga-store.ts";

describe("T8: sagas as steps", () => {
  const pay = defineSaga<{ sum: number }>({
    name: "pay",
    steps: [
      stepOf("hold", { run: (_transaction, { input }) => ({ held: input.sum }) }),
      stepOf("book", { run: (_transaction, { results }) => results["hold"] ?? null }),
    ],
  });

  test("a nested saga sees its own input and results, the outer one sees its results", async () => {
    await using store = await openStore();
    const order = defineSaga<{ price: number }>({
      name: "order",
      steps: [
        { name: "count", run: () => 3 },
        nestSaga(
          "payment",
          pay,
          ({ input, results }: { input: { price: number }; results: object }) => ({
            sum: input.price * Number((results as { count: number }).count),
          }),
        ),
        { name: "ship", run: (_transaction, { results }) => results["payment"] ?? null },
      ],
    });
    await using runner = await store.runner([order]);

    expect(await runner.start(order, { key: "o1", input: { price: 2 } })).toMatchObject({
      status: "completed",
      results: {
        "payment/hold": { held: 6 },
        ship: { hold: { held: 6 }, book: { held: 6 } },
      },
    });
  });

  test("when it fails, its steps and those before it are undone in reverse order", async () => {
    await using store = await openStore();
    const broken = defineSaga({
      name: "broken",
      steps: [stepOf("hold"), stepOf("book", { run: failing(9) })],
    });
    const order = defineSaga({
      name: "order",
      steps: [stepOf("reserve"), nestSaga("payment", broken, () => null), stepOf("ship")],
    });
    await using runner = await store.runner([order]);

    const report = await runner.start(order, { key: "o1", input: null });

    expect(report).toMatchObject({ status: "compensated", failure: { step: "payment/book" } });
    expect(await store.effects()).toEqual([]);
  });
});
