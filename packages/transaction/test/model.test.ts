/**
 * Transactions with nested ones, siblings, savepoints and failures run at the
 * same time, in an interleaving that fast-check chooses, over rows and a map in
 * memory. A sequential model runs those that were acknowledged one after the
 * other in the order in which their bodies began; all that anybody read must be
 * what the model says.
 */
import { AtlasError } from "@atlas/errors";
import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  createTransactionManager,
  type Priority,
  type Transaction,
  type TransactionManager,
} from "@atlas/transaction";
import { createMemoryMap, type MemoryMap } from "@atlas/transaction/participants";
import fc from "fast-check";
import { expect, test } from "vitest";

type Step =
  | { readonly do: "set"; readonly key: string; readonly value: number }
  | { readonly do: "delete"; readonly key: string }
  | { readonly do: "savepoint"; readonly name: string }
  | { readonly do: "rollbackTo"; readonly name: string }
  | { readonly do: "nested"; readonly bodies: readonly Body[] };

interface Body {
  readonly steps: readonly Step[];
  readonly fails: boolean;
}

interface Call {
  readonly body: Body;
  readonly priority: Priority;
  readonly relaxed: boolean;
}

const key = fc.constantFrom("a", "b", "c");
const name = fc.constantFrom("p", "q");
const { body } = fc.letrec<{ body: Body; step: Step }>((tie) => ({
  body: fc.record({
    steps: fc.array(tie("step"), { maxLength: 5, depthIdentifier: "depth" }),
    fails: fc.boolean(),
  }),
  step: fc.oneof(
    { depthIdentifier: "depth", maxDepth: 3, withCrossShrink: true },
    fc.record({ do: fc.constant("set" as const), key, value: fc.nat(99) }),
    fc.record({ do: fc.constant("delete" as const), key }),
    fc.record({ do: fc.constant("savepoint" as const), name }),
    fc.record({ do: fc.constant("rollbackTo" as const), name }),
    fc.record({
      do: fc.constant("nested" as const),
      bodies: fc.array(tie("body"), { minLength: 1, maxLength: 2 }),
    }),
  ),
}));
const call: fc.Arbitrary<Call> = fc.record({
  body,
  priority: fc.constantFrom("high", "normal", "low"),
  relaxed: fc.boolean(),
});

type State = ReadonlyMap<string, number>;
const textOf = (state: Iterable<readonly [string, number]>): string =>
  JSON.stringify([...state].toSorted(([a], [b]) => a.localeCompare(b)));

/** One thing after the other; `reads` gets the state after each step. */
function runModel({ steps, fails }: Body, before: State, reads: string[]): State | undefined {
  let state: State = before;
  const savepoints: (readonly [string, State])[] = [];
  for (const step of steps) {
    if (step.do === "set") state = new Map([...state, [step.key, step.value]]);
    else if (step.do === "delete") state = new Map([...state].filter(([k]) => k !== step.key));
    else if (step.do === "savepoint") savepoints.push([step.name, state]);
    else if (step.do === "rollbackTo") {
      const at = savepoints.findLastIndex(([set]) => set === step.name);
      if (at >= 0) state = savepoints[at]![1];
      if (at >= 0) savepoints.length = at + 1;
    } else for (const inner of step.bodies) state = runModel(inner, state, reads) ?? state;
    reads.push(textOf(state));
  }
  return fails ? undefined : state;
}

const setRow = sqlQuery<never, { key: string; value: number }>(
  "INSERT INTO kv VALUES (:key, :value) ON CONFLICT DO UPDATE SET value = excluded.value",
);
const deleteRow = sqlQuery<never, { key: string }>("DELETE FROM kv WHERE key = :key");
const allRows = sqlQuery<{ key: string; value: number }>("SELECT key, value FROM kv");

/** What the bodies of one round share. */
interface Round {
  readonly manager: TransactionManager;
  readonly map: MemoryMap<string, number>;
  /** Lets the test decide who goes on. */
  readonly pause: () => Promise<void>;
}

class Refused extends Error {}

async function runReal(round: Round, { steps, fails }: Body, reads: string[]): Promise<void> {
  const tx = round.manager.current()!;
  for (const step of steps) {
    await round.pause();
    await takeStep(round, tx, { step, reads });
    const rows = (await tx.all(allRows)).map((row) => [row.key, row.value] as const);
    reads.push(textOf(rows));
    expect(textOf(round.map.entries())).toBe(reads.at(-1));
    expect(round.map.size).toBe(rows.length);
  }
  if (fails) throw new Refused();
}

async function takeStep(
  round: Round,
  tx: Transaction,
  { step, reads }: { readonly step: Step; readonly reads: string[] },
): Promise<void> {
  const { manager, map } = round;
  if (step.do === "set") {
    await tx.run(setRow, { key: step.key, value: step.value });
    map.set(step.key, step.value);
  } else if (step.do === "delete") {
    await tx.run(deleteRow, { key: step.key });
    map.delete(step.key);
  } else if (step.do === "savepoint") await tx.createSavepoint(step.name);
  else if (step.do === "rollbackTo")
    await tx.rollbackTo(step.name).catch((error: unknown) => {
      if (!AtlasError.is(error) || error.code !== "transaction.savepoint_unknown") throw error;
    });
  else
    await Promise.all(
      step.bodies.map((inner) => manager.atomic(() => runReal(round, inner, reads)).catch(forgive)),
    );
}

function forgive(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}

test("T1 T2 T3: concurrent transactions over rows and memory are as if one after the other", async () => {
  await using store = await openTemporaryDatabase();
  await using manager = await createTransactionManager(store.database);
  await manager.connection.execute("CREATE TABLE kv (key TEXT PRIMARY KEY, value INTEGER)");

  const property = fc.asyncProperty(
    fc.array(call, { minLength: 1, maxLength: 6 }),
    fc.scheduler(),
    async (calls, scheduler) => {
      await manager.connection.execute("DELETE FROM kv");
      const map = createMemoryMap<string, number>(manager);
      const round: Round = { manager, map, pause: () => scheduler.schedule(Promise.resolve()) };
      const begun: { readonly body: Body; readonly reads: string[] }[] = [];

      const all = Promise.allSettled(
        calls.map(async ({ body, priority, relaxed }) => {
          await round.pause();
          const run = manager.atomic(
            async () => {
              const reads: string[] = [];
              begun.push({ body, reads });
              await runReal(round, body, reads);
            },
            { priority, durability: relaxed ? "relaxed" : "full" },
          );
          await run.catch(forgive);
        }),
      );
      const outcomes = await scheduler.waitFor(all);

      expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
      let state: State = new Map();
      for (const { body: ran, reads } of begun) {
        const expected: string[] = [];
        state = runModel(ran, state, expected) ?? state;
        expect(reads).toEqual(expected);
      }
      const rows = (await store.database.all(allRows)).map((row) => [row.key, row.value] as const);
      expect(textOf(rows)).toBe(textOf(state));
      expect(textOf(map.entries())).toBe(textOf(state));
    },
  );
  await fc.assert(property, { numRuns: Number(process.env["ATLAS_MODEL_RUNS"] ?? 150) });
}, 120_000);
