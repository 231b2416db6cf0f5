import {
  createBatchCoordinator,
  createTransactionalBatchProcessor,
  type BatchChange,
  type BatchProcessor,
  type TransactionalBatchPorts,
} from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import type { Transaction } from "@atlas/transaction";
import { createValidationCoordinator, defineRule } from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openStore, type Store } from "./fixtures/open-store.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });

const nameTaken = defineRule({
  code: "task.name_taken",
  message: "The name is taken.",
  fields: "all",
  load: async (texts: readonly string[], transaction: Transaction) => {
    const { rows } = await transaction.execute(
      "SELECT text FROM entry WHERE text IN (SELECT value FROM json_each(?))",
      [JSON.stringify(texts)],
    );
    return new Set(rows.map((row) => row["text"]));
  },
  check: (text: string, taken) => !taken.has(text),
});
const validation = createValidationCoordinator(z.string().trim().min(1), { rules: [nameTaken] });

type Ports = TransactionalBatchPorts<unknown, string, Transaction>;

function processorOver(
  { transactions }: Store,
  ports: Partial<Ports> = {},
): BatchProcessor<unknown, string, Transaction> {
  return createTransactionalBatchProcessor<unknown, string, Transaction>({
    atomic: (body) => transactions.atomic(body),
    validate: (items, context) => validation.validateMany(items, { context }),
    ...ports,
  });
}

async function insert(
  text: string,
  { transaction }: { readonly transaction: Transaction },
): Promise<number> {
  await transaction.execute("INSERT INTO entry VALUES (?)", [text]);
  return text.length;
}

describe("B4: validate, process and index in one transaction", () => {
  it("the operation gets what validation made of the item", async () => {
    await using store = await openStore();

    await coordinator.process(["  a  "], insert, { processor: processorOver(store) });

    expect(await store.stored()).toEqual(["a"]);
  });

  it("rules see what the same transaction and earlier batches have written", async () => {
    await using store = await openStore();

    const result = await coordinator.process(["a", "b", "a"], insert, {
      processor: processorOver(store),
      batchSize: 2,
    });

    expect(result.counts).toMatchObject({ succeeded: 2, skipped: 1 });
    expect(result.failures).toMatchObject([
      { index: 2, status: "skipped", error: { code: "validation.failed" } },
    ]);
    expect(await store.stored()).toEqual(["a", "b"]);
  });

  it("indexes are told once per batch of what succeeded, inside the transaction", async () => {
    await using store = await openStore();
    const told: (readonly BatchChange<string>[])[] = [];
    const updateIndexes: Ports["updateIndexes"] = async (changes, transaction) => {
      const { rows } = await transaction.execute("SELECT count(*) AS n FROM entry");
      told.push(changes);
      expect(rows[0]?.["n"]).toBe(changes.length);
    };

    await coordinator.process(["a", "", "a", "bb"], insert, {
      processor: processorOver(store, { updateIndexes }),
    });

    expect(told).toEqual([
      [
        { index: 0, item: "a", result: 1 },
        { index: 3, item: "bb", result: 2 },
      ],
    ]);
  });

  it("an index that fails undoes its batch and no other", async () => {
    await using store = await openStore();
    const updateIndexes: Ports["updateIndexes"] = (changes) => {
      if (changes.some(({ item }) => item === "c")) throw new AtlasError("index.refused", "No.");
    };

    const result = await coordinator.process(["a", "b", "c", "d", "e"], insert, {
      processor: processorOver(store, { updateIndexes }),
      batchSize: 2,
      outcomesMax: 5,
    });

    expect(result.outcomes.map(({ status }) => status)).toEqual([
      "succeeded",
      "succeeded",
      "rolledBack",
      "rolledBack",
      "succeeded",
    ]);
    expect(await store.stored()).toEqual(["a", "b", "e"]);
  });

  it("an error in the stored state refuses the batch", async () => {
    await using store = await openStore();
    const check = { code: "store.broken", message: "Broken.", verify: () => [{}] };
    const sick = createValidationCoordinator(z.string(), { checks: [check] });

    const result = await coordinator.process(["a"], insert, {
      processor: processorOver(store, { validate: (items) => sick.validateMany(items) }),
    });

    expect(result.failures).toMatchObject([
      { status: "rolledBack", error: { code: "validation.failed" } },
    ]);
    expect(await store.stored()).toEqual([]);
  });

  it("a validation that forgets an item is a defect, not a lost item", async () => {
    await using store = await openStore();

    const result = await coordinator.process(["a"], insert, {
      processor: processorOver(store, { validate: () => ({ results: [] }) }),
    });

    expect(result).toMatchObject({ stopped: "failed", counts: { rolledBack: 1 } });
  });
});

describe("B4: transactions that fail", () => {
  it("a commit that fails leaves nothing and is reported as rolled back", async () => {
    await using store = await openStore();
    const failure = new AtlasError("storage.constraint", "A deferred key is missing.");
    const atomic: Ports["atomic"] = (body) =>
      store.transactions.atomic(async (transaction) => {
        const nested = store.transactions.current() !== transaction;
        const result = await body(transaction);
        if (!nested && transaction.operations > 0) throw failure;
        return result;
      });

    const result = await coordinator.process(["a"], insert, {
      processor: processorOver(store, { atomic }),
    });

    expect(result.failures).toMatchObject([{ error: failure }]);
    expect(await store.stored()).toEqual([]);
  });

  it("a commit whose outcome is unknown is never called rolled back", async () => {
    await using store = await openStore();
    let depth = 0;
    const atomic: Ports["atomic"] = async (body) => {
      depth += 1;
      try {
        const result = await store.transactions.atomic(body);
        if (depth > 1) return result;
      } finally {
        depth -= 1;
      }
      throw new AtlasError("transaction.outcome_unknown", "?", { txState: "unknown" });
    };

    const result = await coordinator.process(["a"], insert, {
      processor: processorOver(store, { atomic }),
    });

    expect(result.failures).toMatchObject([
      { status: "failed", error: { code: "transaction.outcome_unknown" } },
    ]);
    expect(await store.stored()).toEqual(["a"]);
  });

  it("an error that spoils the transaction repeats the whole batch", async () => {
    await using store = await openStore();
    const stale = Object.assign(new Error("x"), { code: "SQLITE_BUSY_SNAPSHOT" });
    const seen: string[] = [];

    const result = await coordinator.process(
      ["a", "b", "c"],
      async (text, context) => {
        seen.push(`${text}${context.attempt}`);
        await insert(text, context);
        if (text === "b" && context.attempt === 1) throw stale;
      },
      { processor: processorOver(store) },
    );

    expect(seen).toEqual(["a1", "b1", "a2", "b2", "c2"]);
    expect(result).toMatchObject({ ok: true, retries: 3 });
    expect(await store.stored()).toEqual(["a", "b", "c"]);
  });

  it("a body that is run again starts from nothing", async () => {
    await using store = await openStore();
    const controller = new AbortController();
    let runs = 0;
    const atomic: Ports["atomic"] = async (body) => {
      if (store.transactions.current() === undefined) {
        const undone = store.transactions.atomic(async (transaction) => {
          await body(transaction);
          throw new Error("run again");
        });
        await undone.catch(() => (runs += 1));
      }
      return store.transactions.atomic(body);
    };

    const result = await coordinator.process(
      ["a", "b", "c"],
      async (text, context) => {
        await insert(text, context);
        if (runs === 1) controller.abort();
      },
      { processor: processorOver(store, { atomic }), signal: controller.signal, outcomesMax: 3 },
    );

    expect(result.outcomes.map(({ status }) => status)).toEqual([
      "succeeded",
      "cancelled",
      "cancelled",
    ]);
    expect(await store.stored()).toEqual(["a"]);
  });

  it.each(["each", "on-failure"] as const)(
    "a full database fails one item, undoes its batch and stops the rest: %s",
    async (savepoints) => {
      await using store = await openStore();
      // The page limit belongs to the connection, so it is set on the writer itself.
      await store.transactions.atomic((transaction) =>
        transaction.execute("PRAGMA max_page_count = 40"),
      );
      const texts = Array.from({ length: 6 }, (_, at) => `${at}`.repeat(20_000));

      const result = await coordinator.process(texts, insert, {
        processor: processorOver(store, { savepoints }),
        batchSize: 2,
        outcomesMax: 6,
      });

      expect(result.outcomes.map(({ status }) => status)).toEqual([
        "succeeded",
        "succeeded",
        "rolledBack",
        "failed",
        "cancelled",
        "cancelled",
      ]);
      expect(result.stopped).toBe("failed");
      expect(result.errors).toEqual([{ code: "storage.disk_full", count: 2, firstIndex: 2 }]);
      expect((await store.stored()).length).toBe(result.counts.succeeded);
    },
  );
});

describe("B4: all or nothing", () => {
  const whole = { mode: "all-or-nothing" } as const;

  it("accepts itemsMax items and begins nothing when there is one more", async () => {
    await using store = await openStore();
    const options = { ...whole, processor: processorOver(store), itemsMax: 2 };

    await expect(coordinator.process(["a", "b", "c"], insert, options)).rejects.toMatchObject({
      code: "batch.too_many_items",
    });
    expect(await store.stored()).toEqual([]);
    expect((await coordinator.process(["a", "b"], insert, options)).ok).toBe(true);
  });

  it("begins nothing when the input fails, however late", async () => {
    await using store = await openStore();
    async function* broken(): AsyncGenerator<string> {
      yield "a";
      throw new AtlasError("storage.io_failed", "The cursor broke.");
    }

    const result = await coordinator.process(broken(), insert, {
      ...whole,
      processor: processorOver(store),
    });

    expect(result).toMatchObject({ stopped: "inputFailed", counts: { total: 1, cancelled: 1 } });
    expect(await store.stored()).toEqual([]);
  });

  it("an empty input is a success", async () => {
    await using store = await openStore();

    const result = await coordinator.process([], insert, {
      ...whole,
      processor: processorOver(store),
    });

    expect(result.ok).toBe(true);
  });

  it("nests in the transaction of the caller and goes with it", async () => {
    await using store = await openStore();
    const { transactions } = store;
    const options = { ...whole, processor: processorOver(store) };

    const pending = transactions.atomic(async () => {
      expect((await coordinator.process(["a"], insert, options)).ok).toBe(true);
      throw new Error("the caller thinks better of it");
    });

    await expect(pending).rejects.toThrow("thinks better");
    expect(await store.stored()).toEqual([]);
  });
});

it("B1 Q5: five concurrent batches of 1,000: stored = indexed = given", async () => {
  await using store = await openStore();
  let indexed = 0;
  const updateIndexes: Ports["updateIndexes"] = (changes) => {
    indexed += changes.length;
  };
  const processor = processorOver(store, { updateIndexes });

  const results = await Promise.all(
    Array.from({ length: 5 }, (_, batch) =>
      coordinator.process(
        Array.from({ length: 1_000 }, (_item, at) => `batch ${batch} text ${at}`),
        insert,
        { processor, strategy: "concurrent" },
      ),
    ),
  );

  expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
  expect([(await store.stored()).length, indexed]).toEqual([5_000, 5_000]);
}, 60_000);
