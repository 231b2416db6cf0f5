import {
  createBatchCoordinator,
  createStorageBatchProcessor,
  createTransactionalBatchProcessor,
  itemFailure,
  requireAllSucceeded,
} from "@atlas/batch";
import { sqlQuery } from "@atlas/storage";
import type { Transaction } from "@atlas/transaction";
import { describe, expect, it } from "vitest";
import { acceptAll } from "../src/accept-all.ts";
import { openStore } from "./fixtures/open-store.ts";

const insert = sqlQuery<never, { text: string }>("INSERT INTO entry VALUES (:text)");

function* texts(count: number, prefix = "text"): Generator<string> {
  for (let at = 0; at < count; at += 1) yield `${prefix} ${at}`;
}

describe("Q5: bulk against a real store", () => {
  it("10,000 items, adaptive: as many are stored as were given", async () => {
    await using store = await openStore();
    const processor = createStorageBatchProcessor<string, { text: string }, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      query: insert,
    });

    const result = await createBatchCoordinator().process(
      texts(10_000),
      (text: string) => ({ text }),
      { processor, strategy: "adaptive" },
    );

    expect(requireAllSucceeded(result).counts.succeeded).toBe(10_000);
    expect(new Set(await store.stored()).size).toBe(10_000);
  }, 60_000);

  it("five batches of 1,000 at once: as many are stored as were given", async () => {
    await using store = await openStore();
    const processor = createTransactionalBatchProcessor<string, string, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      validate: acceptAll,
      savepoints: "on-failure",
    });
    const coordinator = createBatchCoordinator();

    const results = await Promise.all(
      Array.from({ length: 5 }, (_, batch) =>
        coordinator.process(
          texts(1_000, `batch ${batch}`),
          (text: string, { transaction }) => transaction.run(insert, { text }),
          { processor, strategy: "concurrent" },
        ),
      ),
    );

    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(new Set(await store.stored()).size).toBe(5_000);
  }, 60_000);
});

describe("B4: without savepoints until an item fails", () => {
  it("validation and operations of the batch run again, with the state as it was", async () => {
    await using store = await openStore();
    const seen: string[] = [];
    let validations = 0;
    const processor = createTransactionalBatchProcessor<string, string, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      validate: (items) => {
        validations += 1;
        return acceptAll(items);
      },
      savepoints: "on-failure",
    });

    const result = await createBatchCoordinator().process(
      ["a", "b", "c", "d"],
      async (text: string, { transaction }) => {
        seen.push(text);
        await transaction.run(insert, { text });
        if (text === "b") throw new Error("no");
      },
      { processor, batchSize: 2 },
    );

    expect(seen).toEqual(["a", "b", "a", "b", "c", "d"]);
    expect(validations).toBe(3);
    expect(result.counts).toMatchObject({ succeeded: 3, failed: 1 });
    expect(await store.stored()).toEqual(["a", "c", "d"]);
  });

  it("what was undone is not called succeeded when the batch is cancelled then", async () => {
    await using store = await openStore();
    const controller = new AbortController();
    const processor = createTransactionalBatchProcessor<string, string, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      validate: acceptAll,
      savepoints: "on-failure",
    });

    const result = await createBatchCoordinator().process(
      ["a", "b"],
      async (text: string, { transaction }) => {
        await transaction.run(insert, { text });
        if (text === "a") return;
        controller.abort();
        throw new Error("no");
      },
      { processor, signal: controller.signal, outcomesMax: 2 },
    );

    expect(result.outcomes.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    expect(await store.stored()).toEqual([]);
  });

  it("a row that the database refuses fails alone", async () => {
    await using store = await openStore();
    const processor = createStorageBatchProcessor<string, { text: string }, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      query: insert,
    });

    const result = await createBatchCoordinator().process(
      ["a", "b", "a", "c"],
      (text: string) => ({ text }),
      { processor },
    );

    expect(result.failures).toMatchObject([
      { index: 2, status: "failed", error: { code: "storage.constraint" } },
    ]);
    expect(await store.stored()).toEqual(["a", "b", "c"]);
  });

  it("an operation over a set that answers too little is a defect of all its items", async () => {
    const result = await createBatchCoordinator().process(
      [1, 2],
      { all: () => [1] },
      { batchSize: 2 },
    );

    expect(result.errors).toEqual([{ code: "operation.defect", count: 2, firstIndex: 0 }]);
  });

  it("a set that blames an item it does not have is not believed", async () => {
    const blame = itemFailure(7, new Error("who?"));

    const result = await createBatchCoordinator().process(
      [1, 2],
      { all: () => Promise.reject(blame) },
      { batchSize: 2 },
    );

    expect(result.counts.failed).toBe(2);
  });
});
