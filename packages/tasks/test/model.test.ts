import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { NewTask, Task, TaskManager } from "@atlas/tasks";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyStep, type Choice, leaseMs, type NewNode, type Step } from "./model-steps.ts";
import { type OpenTasks, openTasks } from "./open-tasks.ts";
import { type ModelTask, TaskModel } from "./task-model.ts";

/** Makes the same calls to the manager and the model, and compares all that readers see. */
class Comparison {
  readonly #open: OpenTasks;
  readonly #model: TaskModel = new TaskModel();
  /** Ids of the manager by keys of the model. */
  readonly #ids: Map<number, string> = new Map();
  readonly refusals: Set<string> = new Set();

  constructor(open: OpenTasks) {
    this.#open = open;
    this.#model.now = open.now();
  }

  get #tasks(): TaskManager {
    return this.#open.tasks;
  }

  async run(step: Step): Promise<void> {
    if (step.call === "wait") {
      this.#open.advance(step.ms);
      this.#model.now += step.ms;
    } else if (step.call === "create") await this.#create(step.nodes);
    else if (step.call === "claimNext") await this.#claimNext(step.count, step.actor);
    else if (this.#model.tasks.size > 0) await this.#change(step);
    await this.compare();
  }

  async #create(nodes: readonly NewNode[]): Promise<void> {
    const stored = [...this.#model.tasks.values()];
    const paths = new Map((await this.#all()).map(({ id, path }) => [id, path]));
    const inputs: NewTask[] = [];
    const keys: number[] = [];
    const refused = this.#model.attempt(() => {
      for (const [at, { parent, group, status }] of nodes.entries()) {
        const own = parent.of === "call" && at > 0 ? parent.choice % at : undefined;
        const old = parent.of === "store" ? pick(stored, parent.choice) : undefined;
        const above = own === undefined ? (old?.key ?? null) : keys[own]!;
        const begins = own === undefined ? old && paths.get(this.#id(old)) : inputs[own]!.path;
        const state = group ? "pending" : status;
        keys.push(this.#model.add({ parent: above, group, status: state }));
        const name = `n${keys[at]}`;
        const path = begins === undefined ? name : `${begins}/${name}`;
        inputs.push({ name, path, type: group ? "group" : "task", status: state });
      }
      for (const [at, { dependencies }] of nodes.entries()) {
        const references: string[] = [];
        for (const { of, choice } of dependencies) {
          const old = of === "store" ? pick(stored, choice) : undefined;
          // Mostly on earlier ones, now and then on any, itself included.
          const own = choice % (choice % 10 === 0 ? nodes.length : Math.max(at, 1));
          if (old === undefined && at === 0 && choice % 10 !== 0) continue;
          references.push(old === undefined ? inputs[own]!.path! : this.#id(old));
          this.#model.get(keys[at]!).dependencies.add(old === undefined ? keys[own]! : old.key);
        }
        inputs[at] = { ...inputs[at]!, dependencies: references };
      }
      this.#model.checkNew(keys);
    });
    const created = await this.#attempt(refused, () =>
      this.#tasks.create(inputs, { actor: "ann" }),
    );
    for (const [at, { id }] of created?.tasks.entries() ?? []) this.#ids.set(keys[at]!, id);
  }

  async #claimNext(count: number, actor: string): Promise<void> {
    this.#model.returnExpired();
    const ready = this.#ready().slice(0, count);
    for (const task of ready) this.#model.claim(task, actor, leaseMs);
    this.#model.settle();
    const claimed = await this.#tasks.claimNext({ count, leaseMs }, { actor });
    assert.deepEqual(
      claimed.map(({ id }) => id),
      ready.map((task) => this.#id(task)),
    );
  }

  async #change(
    step: Exclude<Step, { readonly call: "create" | "claimNext" | "wait" }>,
  ): Promise<void> {
    const model = this.#model;
    const task = pick([...model.tasks.values()], step.task)!;
    const reference = this.#id(task);
    const other = (choice: Choice): ModelTask => pick([...model.tasks.values()], choice)!;
    const update =
      (change: object, actor = "ann") =>
      () =>
        this.#tasks.update([{ task: reference, ...change }], { actor });
    switch (step.call) {
      case "status": {
        const refused = model.attempt(() => {
          model.checkMayChange(task, step.actor);
          model.setStatus(task, step.to);
        });
        await this.#attempt(refused, update({ status: step.to }, step.actor));
        return;
      }
      case "depend": {
        const on = other(step.on);
        const refused = model.attempt(() => model.depend(task, on.key));
        await this.#attempt(refused, update({ addDependencies: [this.#id(on)] }));
        return;
      }
      case "undepend": {
        const on = pick([...task.dependencies], step.on) ?? other(step.on).key;
        const refused = model.attempt(() => void task.dependencies.delete(on));
        await this.#attempt(refused, update({ removeDependencies: [this.#ids.get(on)!] }));
        return;
      }
      case "move": {
        const under = step.under === null ? null : other(step.under);
        const refused = model.attempt(() => model.move(task, under?.key ?? null));
        await this.#attempt(refused, update({ parent: under && this.#id(under) }));
        return;
      }
      case "retype": {
        const refused = model.attempt(() => {
          model.checkMayChange(task, "ann");
          model.retype(task, step.group);
        });
        await this.#attempt(refused, update({ type: step.group ? "group" : "task" }));
        return;
      }
      case "delete": {
        const refused = model.attempt(() => model.remove(task, step.children, "ann"));
        const actor = { actor: "ann" };
        await this.#attempt(refused, () => this.#tasks.delete([reference], actor, step.children));
        return;
      }
      case "claim": {
        const refused = model.attempt(() => model.claimNamed(task, step.actor, leaseMs));
        const { actor } = step;
        await this.#attempt(refused, () => this.#tasks.claim([reference], { actor }, { leaseMs }));
        return;
      }
      case "release": {
        const lease = task.token - (step.stale ? 1 : 0);
        const refused = model.attempt(() => model.release(task, lease));
        const held = { task: reference, lease };
        await this.#attempt(refused, () => this.#tasks.release([held], { actor: "ann" }));
      }
    }
  }

  /** Does on the manager what the model has done, or has refused with a code. */
  async #attempt<T>(refused: string | undefined, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      assert.equal("done", refused ?? "done");
      return result;
    } catch (error) {
      if (!AtlasError.is(error)) throw error;
      assert.equal(error.code, refused, error.message);
      this.refusals.add(error.code);
      return undefined;
    }
  }

  async compare(): Promise<void> {
    const seen = new Map((await this.#all()).map((task) => [task.id, task]));
    assert.equal(seen.size, this.#model.tasks.size);
    for (const task of this.#model.tasks.values()) {
      const found = seen.get(this.#id(task))!;
      const { holder, token } = found.lease ?? {};
      const expected = {
        ...this.#model.shown(task),
        parent: task.parent === null ? null : this.#ids.get(task.parent),
        dependencies: sorted(task.dependencies).map((key) => this.#ids.get(key)),
      };
      assert.deepEqual(
        {
          status: found.status,
          progress: found.progress,
          unfinishedDependencies: found.unfinishedDependencies,
          children: found.children,
          lease: found.lease === null ? null : { holder, token },
          parent: found.parent,
          dependencies: found.dependencies,
        },
        expected,
      );
    }
    const next = await this.#tasks.next({ count: 50 });
    const ready = this.#ready().slice(0, 50);
    assert.deepEqual(
      next.map(({ id }) => id),
      ready.map((task) => this.#id(task)),
    );
  }

  async #all(): Promise<readonly Task[]> {
    return (await this.#tasks.list({}, { limit: 500 })).tasks;
  }

  #ready(): readonly ModelTask[] {
    return [...this.#model.tasks.values()].filter((task) => this.#model.isReady(task));
  }

  #id(task: ModelTask): string {
    return this.#ids.get(task.key)!;
  }
}

function pick<T>(list: readonly T[], choice: Choice): T | undefined {
  return list[choice % list.length];
}

function sorted(keys: Iterable<number>): readonly number[] {
  return [...keys].toSorted((a, b) => a - b);
}

describe("K1 K5: whatever is called in whatever order", () => {
  // Random calls run on the manager and on a model that keeps no summaries. After each, all that
  // readers see is compared; at the end `verify` compares every stored summary with the data.
  test(
    "readers see what the model says, and the store verifies",
    { timeout: 120_000 },
    async () => {
      const refusals = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyStep, { minLength: 5, maxLength: 40, size: "max" }),
          async (steps) => {
            await using open = await openTasks();
            const comparison = new Comparison(open);
            for (const step of steps) await comparison.run(step);
            for (const code of comparison.refusals) refusals.add(code);
            expect(await open.tasks.verify()).toEqual([]);
          },
        ),
        { numRuns: 60 },
      );

      // The steps reach the refusals, or they would prove little.
      expect([...refusals].toSorted()).toEqual(
        expect.arrayContaining([
          "task.blocked",
          "task.children_unfinished",
          "task.cycle",
          "task.lease_expired",
          "task.leased",
          "task.not_claimable",
          "task.parent_finished",
          "task.self_dependency",
          "task.transition_refused",
        ]),
      );
    },
  );
});
