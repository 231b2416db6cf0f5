import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createQueryCache, type QueryCacheOptions } from "@atlas/storage/cache";
import { openSqlite } from "@atlas/storage/sqlite";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  advance,
  byId,
  childrenOf,
  openCachedTasks,
  type CachedTasks,
  withParts,
} from "./cached-tasks.ts";

// Values grow in the order of commits, and those that are rolled back are
// negative. An answer is right when it is not negative, and not smaller than the
// last value of its row that was committed before the question was asked.

type Read = { readonly kind: "row" | "rows"; readonly id: number };

type Step =
  | {
      readonly kind: "write";
      readonly id: number;
      readonly commit: boolean;
      readonly turns: number;
    }
  | { readonly kind: "foreign"; readonly id: number; readonly commit: boolean }
  | Read
  | { readonly kind: "turn" }
  | { readonly kind: "settle" };

const id = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    id,
    commit: fc.boolean(),
    turns: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ kind: fc.constant("foreign" as const), id, commit: fc.boolean() }),
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("row" as const, "rows"), id }) },
  fc.record({ kind: fc.constant("turn" as const) }),
  fc.record({ kind: fc.constant("settle" as const) }),
);

/** Writes on behalf of somebody else and resolves with the value when that has ended. */
type WriteForeign = (change: { readonly id: number; readonly commit: boolean }) => Promise<number>;

const variants: readonly Partial<QueryCacheOptions>[] = [
  {},
  { followRows: { tasks: ["id", "parent"] } },
];

test.for(variants)(
  "D5: never an old value after a commit, never one that was rolled back, with %o",
  { timeout: 60_000 },
  async (options) => {
    await using opened = await openCachedTasks(options);
    const { cache, database } = opened;
    // What was read arrives later, so that commits overtake it.
    let reads = 0;
    const later = async <T>(read: Promise<T>): Promise<T> => {
      const answer = await read;
      for (let n = (reads += 1) % 6; n > 0; n -= 1) await turn();
      return answer;
    };
    const slow = withParts(database, {
      get: (...asked) => later(database.get(...asked)),
      all: (...asked) => later(database.all(...asked)),
    });
    using queries = createQueryCache({ database: slow, cache, ...options });
    const open = { ...opened, queries };
    await using other = await openSqlite(open.path);
    const history = new History(open);
    const foreign: WriteForeign = ({ id: row, commit }) => advance(other, row, { commit });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => history.play(steps, foreign)),
      { numRuns: 150 },
    );
    expect(open.cache.stats().hits).toBeGreaterThan(20);
    expect(open.cache.stats().overtakenLoads).toBeGreaterThan(0);
  },
);

test.for(variants)(
  "D5: the same while another process writes, with %o",
  { timeout: 60_000 },
  async (options) => {
    await using open = await openCachedTasks(options);
    const path = fileURLToPath(new URL("./foreign-writer.ts", import.meta.url));
    const child = fork(path, [open.path], { execArgv: ["--conditions=@atlas/source"] });
    try {
      await once(child, "message");
      const history = new History(open);
      let last: Promise<unknown> = Promise.resolve();
      const foreign: WriteForeign = (change) => {
        // One message at a time, so that an answer is the answer to it.
        const mine = last.then(async () => {
          child.send(change);
          const [{ value }] = (await once(child, "message")) as [{ value: number }];
          return value;
        });
        last = mine;
        return mine;
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) =>
          history.play(steps, foreign),
        ),
        { numRuns: 25 },
      );
      expect(open.cache.stats().hits).toBeGreaterThan(20);
    } finally {
      child.kill();
      await once(child, "exit");
    }
  },
);

class History {
  readonly #open: Pick<CachedTasks, "database" | "queries">;
  readonly #floor = new Map<number, number>();
  #writing: { readonly id: number; readonly value: number } | undefined;

  constructor(open: Pick<CachedTasks, "database" | "queries">) {
    this.#open = open;
    open.database.changes.subscribe(() => {
      if (this.#writing !== undefined) this.#know(this.#writing);
      this.#writing = undefined;
    });
  }

  async play(steps: readonly Step[], foreign: WriteForeign): Promise<void> {
    const running: Promise<void>[] = [];
    for (const one of steps) {
      if (one.kind === "turn") await turn();
      else if (one.kind === "settle") await Promise.allSettled(running);
      else running.push(this.#run(one, foreign));
    }
    await Promise.allSettled(running);
    await Promise.all(running);
  }

  async #run(
    one: Exclude<Step, { kind: "turn" | "settle" }>,
    foreign: WriteForeign,
  ): Promise<void> {
    if (one.kind === "write") return this.#write(one);
    if (one.kind !== "foreign") return this.#read(one);
    const value = await foreign(one);
    if (one.commit) this.#know({ id: one.id, value });
  }

  async #write({ id: row, commit, turns }: Step & { kind: "write" }): Promise<void> {
    await advance(this.#open.database, row, {
      commit,
      pause: async (value) => {
        for (let n = 0; n < turns; n += 1) await turn();
        if (commit) this.#writing = { id: row, value };
      },
    });
  }

  async #read({ kind, id: row }: Read): Promise<void> {
    const floors = new Map(this.#floor);
    const { queries } = this.#open;
    const one = async () => [await queries.get(byId, { id: row })];
    for (const found of await (kind === "row" ? one() : queries.all(childrenOf, { parent: row }))) {
      assert.ok(found!.value >= (floors.get(found!.id) ?? 0), "an old value");
    }
  }

  #know({ id: row, value }: { readonly id: number; readonly value: number }): void {
    this.#floor.set(row, Math.max(value, this.#floor.get(row) ?? 0));
  }
}
