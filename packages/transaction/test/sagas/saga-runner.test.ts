import { AtlasError } from "@atlas/errors";
import { defineSaga, type OutsideContext, type SagaRunner } from "@atlas/transaction/sagas";
import { describe, expect, test } from "vitest";
import { add, failing, openStore, stepOf } from "./saga-store.ts";

async function textsOf(runner: SagaRunner, id: string): Promise<readonly string[]> {
  return (await runner.history(id)).map(({ text }) => text);
}

describe("T8: forward", () => {
  test("steps run in order, see what went before, and their outcomes are kept", async () => {
    await using store = await openStore();
    const order = defineSaga<{ sum: number }>({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("charge", {
          outside: async ({ input, results, idempotencyKey }) => ({
            charged: input.sum,
            after: results["reserve"] ?? null,
            key: idempotencyKey,
          }),
          run: async (transaction, { outside }) => {
            await add(transaction, "charge");
            return outside;
          },
        }),
        { name: "mail", outside: async () => undefined },
      ],
    });
    await using runner = await store.runner([order]);

    const report = await runner.start(order, { key: "o1", input: { sum: 7 } });

    expect(report).toMatchObject({
      id: "saga2",
      name: "order",
      key: "o1",
      status: "completed",
      failure: null,
      results: {
        reserve: "reserve done",
        charge: { charged: 7, after: "reserve done", key: "saga2/charge" },
        mail: null,
      },
    });
    expect(await store.effects()).toEqual(["reserve", "charge"]);
    expect(await runner.get(report.id)).toEqual(report);
    expect(await textsOf(runner, report.id)).toEqual([
      "The saga order began for o1.",
      "Step 1 of 3, reserve: done.",
      "Step 2 of 3, charge: done.",
      "Step 3 of 3, mail: done. The saga is completed.",
    ]);
  });

  test("a start is idempotent by its key, and a key has one input", async () => {
    await using store = await openStore();
    const order = defineSaga<number>({ name: "order", steps: [stepOf("reserve")] });
    await using runner = await store.runner([order]);

    const [first, again] = await Promise.all([
      runner.start(order, { key: "o1", input: 1 }),
      runner.start(order, { key: "o1", input: 1 }),
    ]);
    const later = await runner.start(order, { key: "o1", input: 1 });

    expect(again).toEqual(first);
    expect(later).toEqual(first);
    expect(await store.effects()).toEqual(["reserve"]);
    await expect(runner.start(order, { key: "o1", input: 2 })).rejects.toMatchObject({
      code: "transaction.saga_key_reused",
    });
  });

  test("a failed attempt leaves nothing and is repeated with the same idempotency key", async () => {
    await using store = await openStore();
    const keys: string[] = [];
    const attempts: number[] = [];
    const call = failing(1);
    const write = failing(1);
    const order = defineSaga({
      name: "order",
      steps: [
        stepOf("charge", {
          outside: ({ idempotencyKey, attempt }) => {
            keys.push(idempotencyKey);
            attempts.push(attempt);
            return call();
          },
          run: async (transaction) => {
            await add(transaction, "charge");
            return write();
          },
        }),
      ],
    });
    await using runner = await store.runner([order]);

    const { id, status } = await runner.start(order, { key: "o1", input: null });

    expect(status).toBe("completed");
    expect(new Set(keys).size).toBe(1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await store.effects()).toEqual(["charge"]);
    expect(await textsOf(runner, id)).toContain(
      "Step 1 of 1, charge: failed (Error). It is tried again.",
    );
  });

  test("a call outside that takes too long is told, counts as failed, and is repeated", async () => {
    await using store = await openStore();
    const signals: AbortSignal[] = [];
    const order = defineSaga({
      name: "order",
      steps: [
        {
          name: "slow",
          retry: { pauseMs: 0, timeoutMs: 20 },
          outside: ({ signal, attempt }) => {
            signals.push(signal);
            return attempt === 1 ? new Promise<never>(() => undefined) : "quick";
          },
        },
      ],
    });
    await using runner = await store.runner([order]);

    expect(await runner.start(order, { key: "o1", input: null })).toMatchObject({
      status: "completed",
      results: { slow: "quick" },
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});

describe("T8: back", () => {
  test("a step that keeps failing turns the saga back: everything is undone in reverse order", async () => {
    await using store = await openStore();
    const undone: string[] = [];
    const undo = (name: string) => (context: OutsideContext<null>) => {
      undone.push(`${name} ${context.idempotencyKey}`);
    };
    const order = defineSaga({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("charge", { outside: () => "paid", compensateOutside: undo("charge") }),
        stepOf("ship", {
          outside: failing(9),
          compensateOutside: undo("ship"),
          compensate: () => {
            throw new Error("was never committed");
          },
        }),
      ],
    });
    await using runner = await store.runner([order]);

    const report = await runner.start(order, { key: "o1", input: null });

    expect(report).toMatchObject({
      status: "compensated",
      failure: { step: "ship", code: "Error", message: "not yet" },
    });
    expect(report.results).toEqual({});
    // What may have happened outside is undone too.
    expect(undone).toEqual([`ship ${report.id}/ship/undo`, `charge ${report.id}/charge/undo`]);
    expect(await store.effects()).toEqual([]);
    expect((await textsOf(runner, report.id)).slice(-4)).toEqual([
      "Step 3 of 3, ship: failed (Error). What was done is undone now.",
      "Step 3 of 3, ship: was not done; nothing is left of it.",
      "Step 2 of 3, charge: undone.",
      "Step 1 of 3, reserve: undone. The saga is compensated.",
    ]);
  });

  test("an error that says it is not worth repeating turns the saga back at once", async () => {
    await using store = await openStore();
    let calls = 0;
    const refuse = (): never => {
      calls += 1;
      throw new AtlasError("task.not_found", "There is no such task.");
    };
    const order = defineSaga({ name: "order", steps: [stepOf("charge", { outside: refuse })] });
    await using runner = await store.runner([order]);

    expect(await runner.start(order, { key: "o1", input: null })).toMatchObject({
      status: "compensated",
      failure: { code: "task.not_found" },
    });
    expect(calls).toBe(1);
  });

  test("a compensation that keeps failing asks for a person, who has it repeated", async () => {
    await using store = await openStore();
    const undo = failing(2);
    const order = defineSaga({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("charge", {
          retry: { pauseMs: 0, undoAttemptsMax: 2 },
          compensate: async () => void (await undo()),
        }),
        stepOf("ship", { run: failing(9) }),
      ],
    });
    await using runner = await store.runner([order]);

    const stuck = await runner.start(order, { key: "o1", input: null });
    expect(stuck).toMatchObject({ status: "needs_attention", step: "charge" });
    expect(await runner.list({ status: "needs_attention" })).toEqual([stuck]);
    // Neither a restart nor a recovery decides what a person has to decide.
    expect(await runner.start(order, { key: "o1", input: null })).toEqual(stuck);
    expect(await runner.recover()).toMatchObject({ resumed: 0 });

    const done = await runner.resolve(stuck.id, {
      action: "retry",
      by: "ann",
      note: "The bank is back.",
    });

    expect(done.status).toBe("compensated");
    expect(await store.effects()).toEqual(["charge"]);
    const texts = await textsOf(runner, stuck.id);
    expect(texts).toContain(
      "Step 2 of 3, charge: could not be undone (Error). A person has to decide how it goes on.",
    );
    expect(texts).toContain("Step 2 of 3, charge: ann has it undone once more: The bank is back.");
    await expect(
      runner.resolve(stuck.id, { action: "retry", by: "ann", note: "again" }),
    ).rejects.toMatchObject({ code: "transaction.saga_invalid" });
  });

  test("what a person did by hand is skipped, and the rest is undone", async () => {
    await using store = await openStore();
    const stuckStep = stepOf<null>("charge", {
      retry: { pauseMs: 0, undoAttemptsMax: 1 },
      compensate: () => {
        throw "no error at all";
      },
    });
    const order = defineSaga({
      name: "order",
      steps: [stepOf("reserve"), stuckStep, stepOf("ship", { run: failing(9) })],
    });
    const alone = defineSaga({
      name: "alone",
      steps: [stuckStep, stepOf("ship", { run: failing(9) })],
    });
    await using runner = await store.runner([order, alone]);

    for (const saga of [order, alone]) {
      const { id, status } = await runner.start(saga, { key: "o1", input: null });
      expect(status).toBe("needs_attention");
      const done = await runner.resolve(id, { action: "skip", by: "ann", note: "Paid back." });
      expect(done.status).toBe("compensated");
      expect(await textsOf(runner, id)).toContainEqual(
        expect.stringContaining("charge: ann has taken care of it: Paid back."),
      );
    }
    expect(await store.effects()).toEqual(["charge", "charge"]);
  });
});
