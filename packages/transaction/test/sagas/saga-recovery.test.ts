import { setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { createLeaseTable } from "@atlas/transaction/locks";
import { defineSaga, type SagaRunner } from "@atlas/transaction/sagas";
import { describe, expect, test } from "vitest";
import { add, failing, openStore, stepOf } from "./saga-store.ts";

/** A gate that a step waits at until the test opens it. */
function gate(): { reached: Promise<void>; pass: () => Promise<void>; open: () => void } {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass: () => (reached.resolve(), opened.promise),
    open: opened.resolve,
  };
}

describe("T8, T5: recovery", () => {
  test("closing ends work between two steps, and a recovery goes on where it was", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("charge", { outside: ({ attempt }) => (attempt === 1 ? there.pass() : undefined) }),
      ],
    });
    const first = await store.runner([order], { holder: "first" });
    const running = first.start(order, { key: "o1", input: null });
    await there.reached;

    const closing = first.close();
    await expect(running).rejects.toMatchObject({ code: "transaction.manager_closed" });
    await closing;
    await using second = await store.runner([order], { holder: "second" });
    const report = await second.recover();

    expect(report).toEqual({ rolledForward: 1, rolledBack: 0, resumed: 1, notes: [] });
    expect(second.name).toBe("sagas");
    expect(await store.effects()).toEqual(["reserve", "charge"]);
    const [saga] = await second.list();
    expect((await second.history(saga!.id)).map(({ text }) => text)).toContain(
      "Step 2 of 2, charge: taken up again by second.",
    );
    expect(await second.recover()).toEqual({
      rolledForward: 0,
      rolledBack: 0,
      resumed: 0,
      notes: [],
    });
  });

  test("a compensation that was interrupted is finished by the next recovery", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("charge", { retry: { pauseMs: 60_000, pauseMaxMs: 60_000 } }),
        stepOf("ship", { run: failing(9), retry: { attemptsMax: 1 } }),
      ],
    });
    const undo = failing(1);
    const undoing = defineSaga<null>({
      name: "undoing",
      steps: [
        stepOf("reserve"),
        stepOf("charge", {
          retry: { pauseMs: 60_000, pauseMaxMs: 60_000 },
          compensateOutside: async () => {
            void there.pass();
            await undo();
          },
        }),
        stepOf("ship", { run: failing(9), retry: { attemptsMax: 1 } }),
      ],
    });
    const first = await store.runner([order, undoing], { random: () => 1 });
    expect((await first.start(order, { key: "o1", input: null })).status).toBe("compensated");
    const running = first.start(undoing, { key: "o1", input: null });
    running.catch(() => undefined);
    await there.reached;
    // It pauses for a minute now; closing does not wait for that.
    while (!(await first.list({ status: "compensating" })).length) await sleep(1);
    await first.close();
    await expect(running).rejects.toMatchObject({ code: "transaction.manager_closed" });
    await using second = await store.runner([order, undoing]);

    expect(await second.recover()).toMatchObject({ rolledBack: 1, resumed: 1 });
    expect(await store.effects()).toEqual([]);
  });

  test("nobody works on a saga that another process has the lease of", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [stepOf("reserve", { outside: there.pass })],
    });
    await using one = await store.runner([order], { holder: "one" });
    await using two = await store.runner([order], { holder: "two" });
    const running = one.start(order, { key: "o1", input: null });
    await there.reached;

    const seen = await two.start(order, { key: "o1", input: null });
    const recovery = await two.recover();

    expect(seen).toMatchObject({ status: "running", step: "reserve" });
    expect(recovery).toEqual({
      rolledForward: 0,
      rolledBack: 0,
      resumed: 0,
      notes: ["1 sagas are worked on by other processes."],
    });
    expect(await one.recover()).toMatchObject({ resumed: 0, notes: [] });
    there.open();
    expect((await running).status).toBe("completed");
  });

  test("a holder that was paused writes nothing after its lease was taken", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve", { outside: ({ attempt }) => (attempt === 1 ? there.pass() : undefined) }),
      ],
    });
    let now = 0;
    const clock = (): number => now;
    const paused = await store.runner([order], { holder: "paused", clock, leaseTtlMs: 86_400_000 });
    const running = paused.start(order, { key: "o1", input: null });
    await there.reached;

    now += 86_400_000;
    await using other = await store.runner([order], { holder: "other", clock });
    expect(await other.recover()).toMatchObject({ rolledForward: 1 });
    there.open();

    await expect(running).rejects.toMatchObject({ code: "transaction.lease_lost" });
    expect(await store.effects()).toEqual(["reserve"]);
    await paused.close();
  });

  test("a lease is renewed while a step takes its time", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [stepOf("reserve", { outside: there.pass })],
    });
    await using runner = await store.runner([order], { leaseTtlMs: 1_000, clock: Date.now });
    const { dialect, transactions } = store;
    const leases = createLeaseTable(transactions, { dialect });
    const running = runner.start(order, { key: "o1", input: null });
    await there.reached;
    const [before] = await leases.list();

    // Looks until it was renewed; how long that takes is not what is tested.
    let after = before;
    for (let looks = 0; looks < 1_000 && after?.expiresAt === before?.expiresAt; looks += 1) {
      await sleep(10);
      [after] = await leases.list();
    }

    expect(after?.token).toBe(before?.token);
    expect(after?.expiresAt).toBeGreaterThan(before!.expiresAt);
    there.open();
    await running;
    expect(await leases.list()).toEqual([]);
  });

  test("what this process does not know, or knows otherwise, is left alone and told", async () => {
    await using store = await openStore();
    const there = gate();
    const steps = [stepOf<null>("reserve", { outside: there.pass })];
    const order = defineSaga<null>({ name: "order", steps });
    const first = await store.runner([order]);
    const running = first.start(order, { key: "o1", input: null });
    await there.reached;
    await Promise.all([first.close(), expect(running).rejects.toThrow(/closed/)]);

    const notesOf = async (runner: SagaRunner): Promise<string> =>
      (await runner.recover()).notes.join();
    expect(await notesOf(await store.runner([]))).toMatch(/No saga "order" is declared/);
    const renamed = defineSaga<null>({ name: "order", steps: [stepOf("take")] });
    expect(await notesOf(await store.runner([renamed]))).toMatch(/other steps now/);
    there.open();
    expect(await notesOf(await store.runner([order]))).toBe("");
    expect(await store.effects()).toEqual(["reserve"]);
  });

  test("a recovery names what needs attention, and a store that fails ends it without a loss", async () => {
    await using store = await openStore();
    const there = gate();
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve", {
          retry: { pauseMs: 0, undoAttemptsMax: 1 },
          compensate: () => {
            throw new Error("stuck");
          },
        }),
        stepOf("ship", {
          outside: ({ attempt }) =>
            attempt === 1 ? there.pass() : Promise.reject(new Error("no")),
        }),
      ],
    });
    const first = await store.runner([order]);
    const running = first.start(order, { key: "o1", input: null });
    await there.reached;
    await Promise.all([first.close(), expect(running).rejects.toThrow(/closed/)]);

    await using second = await store.runner([order]);
    const { notes, resumed } = await second.recover();

    expect(resumed).toBe(1);
    expect(notes).toEqual([
      expect.stringMatching(/^The saga saga\d+ \(order\) needs attention at the step reserve\.$/),
    ]);
  });

  test("a step that ends its process again and again counts as failed", async () => {
    await using store = await openStore();
    let crashes = 0;
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("poison", {
          // A process that dies leaves a lease and a registered attempt, and nothing else.
          outside: ({ signal }) =>
            new Promise<never>((_, reject) => {
              crashes += 1;
              signal.addEventListener("abort", () => reject(new Error("gone")));
            }),
        }),
      ],
    });
    let report: unknown;
    for (let round = 0; round < 40 && report === undefined; round += 1) {
      const runner = await store.runner([order], { holder: "same" });
      const seen = crashes;
      const running = runner.start(order, { key: "o1", input: null });
      running.catch(() => undefined);
      await Promise.race([
        running.then((ended) => (report = ended)),
        (async () => {
          while (crashes === seen && report === undefined) await sleep(1);
        })(),
      ]);
      await runner.close();
    }

    expect(report).toMatchObject({ status: "compensated", failure: { code: "crashed" } });
    expect(await store.effects()).toEqual([]);
    expect(crashes).toBe(23);
    await store.transactions.atomic((transaction) => add(transaction, "still usable"));
  });

  test("T8: a compensation that ends its process again and again asks for a person", async () => {
    await using store = await openStore();
    let starts = 0;
    let poisoned = true;
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve"),
        stepOf("poison", {
          // Leaves what a process leaves that ends here: its lease, and nothing said about it.
          compensateOutside: () => {
            starts += 1;
            if (poisoned) throw processEnd();
          },
        }),
        stepOf("fail", { run: failing(1), retry: { attemptsMax: 1 } }),
      ],
    });
    const recovered: string[] = [];
    await using first = await store.runner([order], { holder: "same" });
    await expect(first.start(order, { key: "o1", input: null })).rejects.toThrow("gone");
    for (let round = 0; round < 40 && recovered.length < 2; round += 1) {
      await using runner = await store.runner([order], { holder: "same" });
      const { resumed, notes } = await runner.recover();
      if (resumed > 0 || notes.length === 0) recovered.push(...notes, "ended");
    }

    const [report] = await first.list();
    expect(report).toMatchObject({ status: "needs_attention", step: "poison" });
    expect(starts).toBe(21);
    expect(recovered).toEqual([
      `The saga ${report!.id} (order) needs attention at the step poison.`,
      "ended",
    ]);
    expect(await first.history(report!.id)).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining("could not be undone (crashed)") }),
    );
    // Once more, with the count begun anew.
    const decision = { action: "retry", by: "ann", note: "mended" } as const;
    await expect(first.resolve(report!.id, decision)).rejects.toThrow("gone");
    poisoned = false;
    await first.recover();
    expect(await first.get(report!.id)).toMatchObject({ status: "compensated" });
    expect(await store.effects()).toEqual([]);
  });
});

function processEnd(): AtlasError {
  return new AtlasError("transaction.outcome_unknown", "The process is gone.");
}
