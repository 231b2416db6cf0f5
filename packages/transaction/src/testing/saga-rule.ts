import assert from "node:assert/strict";
import { type Query, sqlQuery } from "@atlas/storage";
import type { Saga, SagaStep } from "../sagas/saga.ts";
import type { SagaRunner } from "../sagas/saga-runner.ts";
import { allNames, createItems, insertItem, type TransactionFixture } from "./rule.ts";

/** An empty store in which sagas can be run. */
export interface SagaFixture extends TransactionFixture, AsyncDisposable {
  /**
   * A new runner over the store, not prepared. Runners with the same holder may
   * take over from one another at once, as a process does after a restart.
   */
  runner(sagas: readonly Saga<never>[], holder: string): SagaRunner | Promise<SagaRunner>;
}

/** Opens an empty store for sagas. */
export type OpenSagas = () => Promise<SagaFixture>;

/** One promise of `SagaRunner`: `check` throws when it is broken. */
export interface SagaRule {
  readonly name: string;
  readonly check: (open: OpenSagas) => Promise<void>;
}

/** @internal */
export async function openPrepared(open: OpenSagas): Promise<SagaFixture> {
  const fixture = await open();
  await createItems(fixture);
  return fixture;
}

/** @internal */
export async function runnerOf(
  fixture: SagaFixture,
  sagas: readonly Saga<never>[],
  holder = "one",
): Promise<SagaRunner> {
  const runner = await fixture.runner(sagas, holder);
  await Promise.all([runner.prepare(), runner.prepare()]);
  return runner;
}

const remove: Query<never, { name: string }> = sqlQuery("DELETE FROM items WHERE name = :name");

/** A step that adds its name, and whose compensation takes it away. @internal */
export function stepOf(name: string, more: Partial<SagaStep<null>> = {}): SagaStep<null> {
  return {
    name,
    retry: { pauseMs: 0 },
    async run(transaction) {
      await transaction.run(insertItem, { name });
      return `${name} done`;
    },
    async compensate(transaction) {
      const { changes } = await transaction.run(remove, { name });
      assert.equal(changes, 1, `${name} is undone once, and only when it was done.`);
    },
    ...more,
  };
}

/** The names that the steps have added, sorted. @internal */
export async function effects({ database }: SagaFixture): Promise<readonly string[]> {
  return (await database.all(allNames)).map(({ name }) => name);
}
