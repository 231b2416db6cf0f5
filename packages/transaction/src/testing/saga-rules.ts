import assert from "node:assert/strict";
import { defineSaga } from "../sagas/define-saga.ts";
import type { OutsideContext } from "../sagas/saga.ts";
import { assertCode } from "./rule.ts";
import { effects, openPrepared, runnerOf, type SagaRule, stepOf } from "./saga-rule.ts";

const start = { key: "o1", input: null };

const forward: readonly SagaRule[] = [
  {
    name: "steps run in order, see what those before have answered, and the history tells",
    async check(open) {
      await using fixture = await openPrepared(open);
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("reserve"),
          { name: "mail", outside: ({ results }) => `after ${String(results["reserve"])}` },
        ],
      });
      await using runner = await runnerOf(fixture, [order]);

      const report = await runner.start(order, start);

      assert.deepEqual(
        [report.status, report.results, report.failure],
        ["completed", { reserve: "reserve done", mail: "after reserve done" }, null],
      );
      assert.deepEqual(await effects(fixture), ["reserve"]);
      assert.deepEqual(await runner.get(report.id), report);
      assert.equal((await runner.history(report.id)).length, 3);
    },
  },
  {
    name: "a start is idempotent by its key, and a key has one input",
    async check(open) {
      await using fixture = await openPrepared(open);
      const { run, compensate } = stepOf("a");
      const step = { name: "a", run: run as never, compensate: compensate as never };
      const order = defineSaga<number | null>({ name: "order", steps: [step] });
      await using runner = await runnerOf(fixture, [order]);

      const [first, again] = await Promise.all([
        runner.start(order, start),
        runner.start(order, start),
      ]);

      assert.deepEqual(again, first);
      assert.deepEqual(await effects(fixture), ["a"]);
      const other = runner.start(order, { ...start, input: 2 });
      await assertCode(other, "transaction.saga_key_reused");
    },
  },
  {
    name: "a failed attempt leaves nothing and is repeated with the same idempotency key",
    async check(open) {
      await using fixture = await openPrepared(open);
      const keys: string[] = [];
      const step = stepOf("charge");
      const order = defineSaga({
        name: "order",
        steps: [
          {
            ...step,
            outside: ({ idempotencyKey }) => void keys.push(idempotencyKey),
            async run(transaction, context) {
              const answer = await step.run!(transaction, context);
              if (context.attempt < 3) throw new Error("not yet");
              return answer;
            },
          },
        ],
      });
      await using runner = await runnerOf(fixture, [order]);

      assert.equal((await runner.start(order, start)).status, "completed");
      assert.deepEqual([keys.length, new Set(keys).size], [3, 1]);
      assert.deepEqual(await effects(fixture), ["charge"]);
    },
  },
  {
    name: "a saga is refused inside a transaction, when it is unknown, and after the end",
    async check(open) {
      await using fixture = await openPrepared(open);
      const order = defineSaga({ name: "order", steps: [stepOf("a")] });
      const other = defineSaga({ name: "other", steps: [stepOf("a")] });
      const runner = await runnerOf(fixture, [order]);

      await fixture.manager.atomic(() =>
        assertCode(runner.start(order, start), "transaction.would_deadlock"),
      );
      await fixture.manager.atomic(() => assertCode(runner.close(), "transaction.would_deadlock"));
      await assertCode(runner.start(other, start), "transaction.saga_invalid");
      assert.deepEqual(await runner.list(), []);
      await runner.close();
      await runner.close();
      const uses = [
        () => runner.start(order, start),
        () => runner.recover(),
        () => runner.list(),
        () => runner.get("id"),
        () => runner.history("id"),
        () => runner.prune(0),
        () => runner.prepare(),
      ];
      for (const use of uses) await assertCode(use(), "transaction.manager_closed");
      assert.deepEqual(await effects(fixture), []);
    },
  },
];

const back: readonly SagaRule[] = [
  {
    name: "a step that keeps failing turns the saga back, and all is undone in reverse order",
    async check(open) {
      await using fixture = await openPrepared(open);
      const undone: string[] = [];
      const undo = (name: string) => (context: OutsideContext<null>) => {
        undone.push(name);
        assert.notEqual(context.idempotencyKey, `${context.sagaId}/${name}`);
      };
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("reserve", { compensateOutside: undo("reserve") }),
          stepOf("charge", { compensateOutside: undo("charge") }),
          stepOf("ship", {
            outside: () => Promise.reject(new Error("no ship")),
            compensateOutside: undo("ship"),
          }),
        ],
      });
      await using runner = await runnerOf(fixture, [order]);

      const { status, failure, results } = await runner.start(order, start);

      assert.deepEqual([status, failure?.step, results], ["compensated", "ship", {}]);
      // What may have happened outside is undone, what was not committed is not.
      assert.deepEqual(undone, ["ship", "charge", "reserve"]);
      assert.deepEqual(await effects(fixture), []);
    },
  },
  {
    name: "a compensation that keeps failing waits for a person, who repeats or skips it",
    async check(open) {
      await using fixture = await openPrepared(open);
      let stuck = true;
      let attempts = 0;
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("reserve"),
          stepOf("charge", {
            retry: { pauseMs: 0, undoAttemptsMax: 2 },
            compensateOutside: () => {
              attempts += 1;
              if (stuck) throw new Error("no bank");
            },
          }),
          { name: "fail", retry: { attemptsMax: 1 }, outside: () => Promise.reject(new Error()) },
        ],
      });
      await using runner = await runnerOf(fixture, [order]);
      const byAnn = { by: "ann", note: "I called them." };

      const first = await runner.start(order, start);
      assert.deepEqual([first.status, first.step, attempts], ["needs_attention", "charge", 2]);
      assert.deepEqual(await effects(fixture), ["charge", "reserve"]);
      assert.equal((await runner.recover()).resumed, 0);
      stuck = false;
      const repeated = await runner.resolve(first.id, { action: "retry", ...byAnn });

      assert.equal(repeated.status, "compensated");
      assert.deepEqual(await effects(fixture), []);
      const again = runner.resolve(first.id, { action: "skip", ...byAnn });
      await assertCode(again, "transaction.saga_invalid");
      assert.ok((await runner.history(first.id)).some(({ text }) => text.includes("ann")));
    },
  },
  {
    name: "what a person has taken care of is not undone again, and the rest is",
    async check(open) {
      await using fixture = await openPrepared(open);
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("reserve"),
          stepOf("charge", {
            retry: { pauseMs: 0, undoAttemptsMax: 1 },
            compensateOutside: () => Promise.reject(new Error("no bank")),
          }),
          { name: "fail", retry: { attemptsMax: 1 }, outside: () => Promise.reject(new Error()) },
        ],
      });
      await using runner = await runnerOf(fixture, [order]);
      const { id } = await runner.start(order, start);

      const report = await runner.resolve(id, { action: "skip", by: "ann", note: "Refunded." });

      assert.deepEqual([report.status, report.results], ["compensated", {}]);
      assert.deepEqual(await effects(fixture), ["charge"]);
    },
  },
];

const recovery: readonly SagaRule[] = [
  {
    name: "what a runner leaves in the middle is finished by another, each step once",
    async check(open) {
      await using fixture = await openPrepared(open);
      const reached = Promise.withResolvers<void>();
      let calls = 0;
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("reserve"),
          stepOf("charge", {
            outside: ({ signal }) => {
              calls += 1;
              if (calls > 1) return "paid";
              reached.resolve();
              return new Promise((_, reject) => {
                signal.addEventListener("abort", () => reject(new Error("closed")));
              });
            },
          }),
        ],
      });
      const first = await runnerOf(fixture, [order]);
      const left = first.start(order, start);
      left.catch(() => undefined);
      await reached.promise;
      await first.close();
      await assertCode(left, "transaction.manager_closed");

      await using second = await runnerOf(fixture, [order]);
      const { resumed, rolledForward, rolledBack } = await second.recover();

      assert.deepEqual([resumed, rolledForward, rolledBack], [1, 1, 0]);
      assert.equal(calls, 2);
      assert.deepEqual(await effects(fixture), ["charge", "reserve"]);
      assert.equal((await second.recover()).resumed, 0);
    },
  },
  {
    name: "nobody works on a saga that another holder has in hand",
    async check(open) {
      await using fixture = await openPrepared(open);
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      let calls = 0;
      const order = defineSaga({
        name: "order",
        steps: [
          stepOf("charge", {
            outside: async () => {
              calls += 1;
              reached.resolve();
              await opened.promise;
            },
          }),
        ],
      });
      await using first = await runnerOf(fixture, [order], "one");
      await using second = await runnerOf(fixture, [order], "two");
      const running = first.start(order, start);
      await reached.promise;

      const { resumed, notes } = await second.recover();
      const seen = await second.start(order, start);
      opened.resolve();

      assert.deepEqual([resumed, notes.length, seen.status], [0, 1, "running"]);
      assert.equal((await running).status, "completed");
      assert.equal(calls, 1);
    },
  },
];

/** The rules every `SagaRunner` must keep; runner-agnostic. */
export const sagaRules: readonly SagaRule[] = [...forward, ...back, ...recovery];
