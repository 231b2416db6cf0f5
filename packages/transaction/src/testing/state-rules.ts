import assert from "node:assert/strict";
import type { ServiceStateManager } from "../states/service-state-manager.ts";
import type { ServiceStateOptions } from "../states/state-options.ts";
import { assertCode, createItems, insert, names, type TransactionFixture } from "./rule.ts";

/** The states of the services that the rules work with. */
export type RuleState = "stopped" | "running" | "draining";

/** An empty store with a manager of service states over it, not prepared. */
export interface StateFixture extends TransactionFixture, AsyncDisposable {
  readonly services: ServiceStateManager<RuleState>;
}

/** How the manager of service states is to be made. */
export type StateRuleOptions = Pick<
  ServiceStateOptions<RuleState>,
  "states" | "transitions" | "historyMax"
>;

/** Opens an empty store with a manager of service states. */
export type OpenStates = (options: StateRuleOptions) => Promise<StateFixture>;

/** One promise of `ServiceStateManager`: `check` throws when it is broken. */
export interface StateRule {
  readonly name: string;
  readonly check: (open: OpenStates) => Promise<void>;
}

async function prepared(open: OpenStates): Promise<StateFixture> {
  const fixture = await open({
    states: ["stopped", "running", "draining"],
    transitions: { stopped: ["running"], running: ["draining", "stopped"], draining: ["stopped"] },
    historyMax: 3,
  });
  await Promise.all([fixture.services.prepare(), fixture.services.prepare()]);
  return fixture;
}

/** `api` needs `database` and drains without it. */
async function registerTwo(services: ServiceStateManager<RuleState>): Promise<void> {
  await services.register("database");
  const needs = { service: "database", requires: ["running"], whileIn: ["running"] } as const;
  await services.register("api", { dependencies: [{ ...needs, fallback: "draining" }] });
}

/** The rules every `ServiceStateManager` must keep; runner-agnostic. */
export const stateRules: readonly StateRule[] = [
  {
    name: "a service goes only where it is declared to go, from where it is, in its version",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      const { version } = await services.register("api", { data: { port: 80 } });

      const { service } = await services.transition("api", "stopped", "running", { version });

      assert.deepEqual(
        [service.version, service.state, service.data],
        [2, "running", { port: 80 }],
      );
      assert.deepEqual(await services.get("api"), service);
      const { transition } = services;
      const go = transition.bind(services);
      await assertCode(go("api", "stopped", "running"), "transaction.state_conflict");
      await assertCode(
        go("api", "running", "stopped", { version: 1 }),
        "transaction.state_conflict",
      );
      await assertCode(go("api", "running", "running"), "transaction.state_illegal");
      await assertCode(go("none", "stopped", "running"), "transaction.state_unknown");
      assert.deepEqual(await services.list(), [service]);
    },
  },
  {
    name: "state, data, what belongs to it and history are one transaction",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await createItems(fixture);
      await services.register("api");
      const failure = new Error("no port");

      const failing = services.transition("api", "stopped", "running", {
        data: 1,
        async apply(transaction, { id }) {
          await insert(transaction, id);
          throw failure;
        },
      });
      await assert.rejects(failing, failure);
      const unchanged = [await services.get("api"), await names(fixture)] as const;
      await services.transition("api", "stopped", "running", {
        reason: "deployed",
        apply: (transaction, { id }) => insert(transaction, id),
      });

      assert.deepEqual([unchanged[0]?.version, unchanged[1]], [1, []]);
      assert.deepEqual(await names(fixture), ["api"]);
      assert.deepEqual(
        (await services.history("api")).map(({ to, reason }) => [to, reason]),
        [
          ["running", "deployed"],
          ["stopped", "registered"],
        ],
      );
    },
  },
  {
    name: "inside a transaction it belongs to that, and goes with it",
    async check(open) {
      await using fixture = await prepared(open);
      const { services, manager } = fixture;
      await services.register("api");
      const failure = new Error("changed my mind");

      const undone = manager.atomic(async () => {
        await services.transition("api", "stopped", "running");
        assert.equal((await services.get("api"))?.state, "running");
        throw failure;
      });

      await assert.rejects(undone, failure);
      assert.equal((await services.get("api"))?.state, "stopped");
    },
  },
  {
    name: "of many who change one version, one succeeds",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await services.register("api");

      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          services.transition("api", "stopped", "running", { version: 1 }),
        ),
      );

      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal((await services.get("api"))?.version, 2);
    },
  },
  {
    name: "no service enters a state whose requirements are not met, or leaves others without theirs",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await registerTwo(services);

      let applied = false;
      const early = services.transition("api", "stopped", "running", {
        apply: () => void (applied = true),
      });
      await assertCode(early, "transaction.state_dependency");
      await services.transition("database", "stopped", "running");
      await services.transition("api", "stopped", "running");
      const alone = services.transition("database", "running", "stopped");

      await assertCode(alone, "transaction.state_dependency");
      assert.equal((await services.get("database"))?.state, "running");
      assert.equal(applied, false);
    },
  },
  {
    name: "dependents follow to their fallback when asked, in the same transaction",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await registerTwo(services);
      await services.transition("database", "stopped", "running");
      await services.transition("api", "stopped", "running");

      const { followed } = await services.transition("database", "running", "stopped", {
        dependents: "follow",
      });

      assert.deepEqual(
        followed.map(({ id, state }) => [id, state]),
        [["api", "draining"]],
      );
      assert.match((await services.history("api"))[0]!.reason, /database/);
      const report = { checked: 2, tampered: [], unknown: [], unmet: [] };
      assert.deepEqual(await services.verify(), report);
    },
  },
  {
    name: "a snapshot brings everything back, versions go on, and a changed one is refused",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await services.register("api", { data: { port: 80 } });
      const snapshot = await services.snapshot();
      await services.transition("api", "stopped", "running", { data: { port: 81 } });
      await services.register("late");

      const [service] = snapshot.services;
      const forged = { ...snapshot, services: [{ ...service!, data: { port: 82 } }] };
      await assertCode(services.restore(forged), "transaction.state_tampered");
      const { restored, removed } = await services.restore(snapshot);

      assert.deepEqual([restored, removed], [["api"], ["late"]]);
      const [api, ...others] = await services.list();
      assert.deepEqual([api?.state, api?.data, api?.version], ["stopped", { port: 80 }, 3]);
      assert.deepEqual(others, []);
    },
  },
  {
    name: "the history is bounded, newest first, and read in pages",
    async check(open) {
      await using fixture = await prepared(open);
      const { services } = fixture;
      await services.register("api");
      await services.transition("api", "stopped", "running");
      await services.transition("api", "running", "draining");
      await services.transition("api", "draining", "stopped");

      const changes = await services.history("api");

      assert.deepEqual(
        changes.map(({ version }) => version),
        [4, 3, 2],
      );
      const [newest, second] = changes;
      const page = await services.history("api", { limit: 1, before: newest!.number });
      assert.deepEqual(page, [second]);
    },
  },
];
